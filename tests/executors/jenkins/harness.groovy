// Runs a declarative Jenkinsfile as Jenkins would, as far as this project's files need it: `groovy harness.groovy REQUEST`.
// REQUEST is a JSON file: `builds` to run, `parallel` at a time, or files to `validate` only. Known deviations: docs/conformance.md.
import groovy.json.JsonOutput
import groovy.json.JsonSlurperClassic
import java.util.concurrent.Callable
import java.util.concurrent.ConcurrentHashMap
import java.util.concurrent.Executors
import org.codehaus.groovy.control.CompilerConfiguration

/** What `error` and a failing `sh` throw: hudson.AbortException. */
class Abort extends RuntimeException {
    Abort(String message) { super(message) }
}

/** What a step throws when its agent is gone; `catchError` without interruptions lets it pass. */
class AgentLost extends RuntimeException { }

/** The build's variables: one set for all stages, as in Jenkins. */
class Variables {
    final Map values = new ConcurrentHashMap()
    def propertyMissing(String name) { values[name] }
    def propertyMissing(String name, value) { values[name] = value.toString() }
}

/** Collects the directives of a block as [name, arguments]. */
class Directives {
    final List<List> entries = []
    def methodMissing(String name, arguments) { entries << [name, arguments as List]; name }
    def propertyMissing(String name) {
        if (name in ['none', 'any']) return name
        throw new MissingPropertyException(name, Directives)
    }
    static List<List> of(Closure body) {
        def collected = new Directives()
        body.delegate = collected
        body.resolveStrategy = Closure.DELEGATE_FIRST
        body.call()
        collected.entries
    }
    static Map single(Closure body) { of(body).collectEntries { [it[0], it[1] ? it[1].last() : null] } }
}

/** Weighs the conditions of a `when`. */
class Conditions {
    final Map event
    final Variables env
    final List<Boolean> results = []
    Conditions(Map event, Variables env) { this.event = event; this.env = env }

    List<Boolean> weigh(Closure body) {
        def inner = new Conditions(event, env)
        body.delegate = inner
        body.resolveStrategy = Closure.DELEGATE_FIRST
        body.call()
        inner.results
    }
    void beforeAgent(boolean early) { }
    void beforeInput(boolean early) { }
    void beforeOptions(boolean early) { }
    void allOf(Closure body) { results << weigh(body).every() }
    void anyOf(Closure body) { results << weigh(body).any() }
    void not(Closure body) { results << !weigh(body).first() }
    void changeRequest() { results << (env.CHANGE_ID != null) }
    void buildingTag() { results << (env.TAG_NAME != null) }
    void branch(Map options) { results << matches(options, env.BRANCH_NAME) }
    void tag(Map options) { results << matches(options, env.TAG_NAME) }
    void environment(Map options) { results << (env.values[options.name] == options.value) }
    void triggeredBy(String cause) { results << event.causes.any { it.contains(cause) } }
    void changeset(String pattern) { results << (event.changed == null || event.changed.any { Paths.matches(pattern, it) }) }
    void expression(Closure body) { results << (body.call() as boolean) }
    private static boolean matches(Map options, String name) {
        if (name == null) return false
        if (options.comparator == 'EQUALS') return name == options.pattern
        if (options.comparator == 'REGEXP') return name ==~ options.pattern
        Paths.matches(options.pattern, name)
    }
}

/** One build: walks the stages and writes a JSON line for each that has steps. */
class Build {
    final Map config
    final Variables env
    Build(Map config, Variables env) { this.config = config; this.env = env }

    void pipeline(Closure body) {
        def parts = Directives.single(body)
        for (ignored in ['options', 'parameters', 'triggers']) if (parts[ignored]) Directives.of(parts[ignored])
        sequence(Directives.of(parts.stages), false, null)
    }

    /** Runs stages in their order; answers what holds the next ones: nothing, `waiting` for a person, `skipped` after a broken stage. */
    String sequence(List<List> stages, boolean parallel, String held) {
        stages.each { held = stage(it[1][0], it[1][1], parallel, held) ?: held }
        held
    }

    String together(List<List> stages, String held) {
        def told = Pool.of(stages.size(), stages) { stage(it[1][0], it[1][1], true, held) }
        'waiting' in told ? 'waiting' : told.find()
    }

    String stage(String name, Closure body, boolean parallel, String held) {
        def parts = Directives.single(body)
        if (!parts.steps) {
            if (!held && !starts(parts)) return null
            return parts.parallel ? together(Directives.of(parts.parallel), held) : sequence(Directives.of(parts.stages), parallel, held)
        }
        def outcome = held ?: !starts(parts) ? 'skipped' : answered(name, parts) ?: attempt(name, parts, parallel)
        def line = JsonOutput.toJson([stage: name, agent: parts.agent != null, outcome: outcome])
        synchronized (this) { new File(config.work as String, 'stages.jsonl') << line + '\n' }
        outcome == 'waiting' ? 'waiting' : outcome in ['aborted', 'broken'] ? 'skipped' : null
    }

    boolean starts(Map parts) { !parts.when || new Conditions(config.event, env).weigh(parts.when).every() }

    /** Null where nobody is asked or the answer is yes. An abort ends the build; no answer leaves it where it is. */
    String answered(String name, Map parts) {
        if (!parts.input) return null
        def answer = config.answers[name] ?: 'wait'
        answer == 'start' ? null : answer == 'wait' ? 'waiting' : 'aborted'
    }

    String attempt(String name, Map parts, boolean parallel) {
        def options = parts.options ? Directives.of(parts.options).find { it[0] == 'retry' } : null
        int tries = options ? options[1][0].count : 1
        for (int number = 1; ; number++) {
            def steps = new Steps(config, env, name, workspace(name, number, parts), parallel)
            steps.losesAgent = name in config.losesAgent && number == 1
            try { return perform(steps, parts) } catch (AgentLost lost) { if (number >= tries) return 'broken' }
        }
    }

    String perform(Steps steps, Map parts) {
        def broken = false
        try { steps.run(parts.steps) } catch (Abort problem) { broken = true; steps.echo("ERROR: $problem.message") }
        def post = parts.post ? Directives.single(parts.post) : [:]
        if (post.always) steps.run(post.always)
        broken ? 'broken' : steps.failed ? 'failed' : 'passed'
    }

    /** A fresh clone of the commit for a stage with an agent; an empty folder for one without. */
    File workspace(String name, int number, Map parts) {
        def folder = new File(config.work as String, "workspaces/$name-$number")
        folder.parentFile.mkdirs()
        if (!parts.agent) { folder.mkdirs(); return folder }
        def clone = ['git', 'clone', '-q', config.checkout as String, folder.path].execute()
        clone.consumeProcessErrorStream(System.err)
        if (clone.waitFor() != 0) throw new IllegalStateException('the checkout cannot be cloned')
        folder
    }
}

/** Does something with each of a list, `size` at a time. */
class Pool {
    static List of(int size, List all, Closure work) {
        def pool = Executors.newFixedThreadPool(size)
        try { pool.invokeAll(all.collect { each -> ({ work(each) } as Callable) })*.get() } finally { pool.shutdown() }
    }
}

abstract class DeclarativeScript extends Script {
    void pipeline(Closure body) { binding.getVariable('build').pipeline(body) }
}

// Plain maps: the lazy ones of JsonSlurper build themselves at the first read, and stages read from several threads.
def config = new JsonSlurperClassic().parse(new File(args[0]), 'UTF-8')
if (config.validate) {
    println JsonOutput.toJson(config.validate.collectEntries { [it, Rules.problems(new File(it).getText('UTF-8'))] })
    return
}
List<Map> build(Map config) {
    def text = new File(config.checkout as String, 'Jenkinsfile').getText('UTF-8')
    def problems = Rules.problems(text)
    if (problems) return problems
    ['tmp', 'logs', 'stashes', 'archive', 'workspaces'].each { new File(config.work as String, it).mkdirs() }
    def env = new Variables()
    config.env.each { name, value -> env.values[name] = value }
    def binding = new Binding([build: new Build(config, env), env: env, params: config.params])
    def compiler = new CompilerConfiguration(scriptBaseClass: 'DeclarativeScript', sourceEncoding: 'UTF-8')
    new GroovyShell(this.class.classLoader, binding, compiler).evaluate(text, 'Jenkinsfile')
    []
}
println JsonOutput.toJson(Pool.of(config.parallel, config.builds) { build(it) })
