import org.codehaus.groovy.ast.ASTNode
import org.codehaus.groovy.ast.builder.AstBuilder
import org.codehaus.groovy.ast.expr.*
import org.codehaus.groovy.ast.stmt.*
import org.codehaus.groovy.control.CompilePhase
import org.codehaus.groovy.control.MultipleCompilationErrorsException

/** What Jenkins accepts as a declarative pipeline, as whitelists: https://www.jenkins.io/doc/book/pipeline/syntax/ */
class Rules {
    static final PIPELINE = ['agent', 'stages', 'options', 'parameters', 'triggers', 'environment', 'post']
    static final STAGE = ['agent', 'when', 'input', 'options', 'environment', 'steps', 'stages', 'parallel', 'post', 'failFast']
    static final OPTIONS = [pipeline: ['disableConcurrentBuilds', 'timeout', 'retry', 'timestamps', 'buildDiscarder', 'skipDefaultCheckout'],
                            stage   : ['timeout', 'retry', 'timestamps', 'lock', 'skipDefaultCheckout']]
    static final CONDITIONS = ['branch', 'tag', 'changeRequest', 'buildingTag', 'changeset', 'environment', 'expression', 'triggeredBy']
    static final GROUPS = ['allOf', 'anyOf', 'not']
    static final EARLY = ['beforeAgent', 'beforeInput', 'beforeOptions']
    static final POST = ['always', 'changed', 'fixed', 'regression', 'aborted', 'failure', 'success', 'unstable', 'unsuccessful', 'cleanup']
    static final SIMPLE = [triggers: ['cron', 'parameterizedCron', 'pollSCM', 'upstream'], parameters: ['string', 'text', 'booleanParam', 'choice', 'password'],
                           input: ['message', 'id', 'ok', 'submitter', 'submitterParameter', 'parameters'], docker: ['image', 'label', 'args', 'reuseNode', 'alwaysPull']]
    static final ON_AGENT = ['sh', 'stash', 'unstash', 'junit', 'archiveArtifacts']
    static final STEPS = ON_AGENT + ['echo', 'milestone', 'script']
    static final WRAPPERS = ['catchError', 'timeout', 'lock', 'withCredentials', 'script']

    final List<Map> problems = []

    /** Every problem of a Jenkinsfile as a map of line and message; none means that Jenkins takes it. */
    static List<Map> problems(String text) {
        try {
            def found = new Rules()
            found.file(new AstBuilder().buildFromString(CompilePhase.CONVERSION, false, text)[0])
            return found.problems
        } catch (MultipleCompilationErrorsException broken) {
            return broken.errorCollector.errors.collect { [line: it.cause.line, message: 'no Groovy: ' + it.cause.originalMessage] }
        }
    }

    void wrong(ASTNode where, String message) { problems << [line: Math.max(1, where.lineNumber), message: message] }

    void file(BlockStatement root) {
        def entries = calls(root, 'the file')
        if (entries*.name != ['pipeline']) wrong(root, 'the file is not one pipeline { } block')
        entries.findAll { it.name == 'pipeline' }.each { pipeline(it) }
    }

    /** The calls of a block; any other statement is a problem. */
    List<Map> calls(BlockStatement block, String section) {
        block.statements.findAll { !(it instanceof EmptyStatement) }.collect { statement ->
            def call = statement instanceof ExpressionStatement || statement instanceof ReturnStatement ? statement.expression : null
            if (!(call instanceof MethodCallExpression) || !call.implicitThis) { wrong(statement, "$section holds code where only directives may stand"); return null }
            def arguments = call.arguments instanceof TupleExpression ? call.arguments.expressions : []
            def last = arguments ? arguments.last() : null
            [name: call.methodAsString, arguments: arguments, body: last instanceof ClosureExpression ? last.code : null, at: call]
        }.findAll()
    }

    /** The calls of an entry's block, each one of the allowed; a block without any is a problem. */
    List<Map> section(Map entry, List allowed, boolean once = true) {
        if (entry.body == null) { wrong(entry.at, "$entry.name needs a block"); return [] }
        def entries = calls(entry.body, entry.name)
        if (!entries) wrong(entry.at, "$entry.name is empty")
        entries.findAll { !(it.name in allowed) }.each { wrong(it.at, "unknown directive $it.name in $entry.name") }
        if (once) entries.groupBy { it.name }.findAll { it.value.size() > 1 }.each { name, all -> wrong(all[1].at, "$name stands twice in $entry.name") }
        entries.findAll { it.name in allowed }
    }

    void pipeline(Map entry) {
        def parts = section(entry, PIPELINE)
        for (needed in ['agent', 'stages']) if (!(needed in parts*.name)) wrong(entry.at, "pipeline has no $needed")
        boolean agent = parts.any { it.name == 'agent' && !isNone(it) }
        parts.each { common(it, 'pipeline', agent) }
        parts.findAll { it.name == 'stages' }.each { stages(it, agent, false) }
    }

    void stages(Map entry, boolean agent, boolean parallel) {
        def listed = section(entry, ['stage'], false)
        def names = listed.collect { it.arguments ? it.arguments[0].text : '' }
        if (names.toUnique().size() != names.size()) wrong(entry.at, 'two stages of one name')
        listed.each { stage(it, agent, parallel) }
    }

    void stage(Map entry, boolean agent, boolean parallel) {
        if (entry.arguments.size() != 2 || !(entry.arguments[0] instanceof ConstantExpression)) { wrong(entry.at, 'stage needs a name and a block'); return }
        def parts = section(entry, STAGE)
        def content = parts.findAll { it.name in ['steps', 'stages', 'parallel'] }
        if (content.size() != 1) wrong(entry.at, 'a stage has exactly one of steps, stages and parallel')
        def own = parts.find { it.name == 'agent' }
        boolean here = own ? !isNone(own) : agent
        if (own && content*.name == ['parallel']) wrong(own.at, 'a stage with parallel has no agent')
        parts.each { common(it, 'stage', here) }
        for (each in content) {
            if (each.name == 'steps') steps(each, here)
            if (each.name == 'stages') stages(each, here, parallel)
            if (each.name == 'parallel') { if (parallel) wrong(each.at, 'parallel within parallel'); stages(each, here, true) }
        }
    }

    void common(Map entry, String place, boolean agent) {
        if (entry.name == 'agent') checkAgent(entry)
        if (entry.name in ['triggers', 'parameters', 'input']) {
            def parts = section(entry, SIMPLE[entry.name], entry.name == 'input')
            if (entry.name == 'input' && !('message' in parts*.name)) wrong(entry.at, 'input has no message')
        }
        if (entry.name == 'options') section(entry, OPTIONS[place]).each { option(it) }
        if (entry.name == 'when') condition(entry, true)
        if (entry.name == 'post') section(entry, POST).each { steps(it, agent || place == 'pipeline') }
        if (entry.name == 'environment') assignments(entry)
    }

    boolean isNone(Map entry) { entry.arguments && entry.arguments[0].text == 'none' }

    void checkAgent(Map entry) {
        if (entry.body == null) { if (!(entry.arguments*.text in [['none'], ['any']])) wrong(entry.at, 'agent is none, any or a block'); return }
        for (kind in section(entry, ['label', 'docker'])) {
            if (kind.name == 'docker' && kind.body != null && !('image' in section(kind, SIMPLE.docker)*.name)) wrong(kind.at, 'docker has no image')
        }
    }

    void option(Map entry) {
        def conditions = entry.at.arguments.text
        if (entry.name == 'retry' && conditions.contains('conditions') && !(conditions =~ /count/)) wrong(entry.at, 'retry has no count')
        if (entry.name == 'timeout' && !(conditions =~ /time:/)) wrong(entry.at, 'timeout has no time')
    }

    void condition(Map entry, boolean outermost) {
        def parts = section(entry, CONDITIONS + GROUPS + (outermost ? EARLY : []), false)
        parts.findAll { it.name in GROUPS }.each { condition(it, false) }
        if (!parts.any { !(it.name in EARLY) }) wrong(entry.at, "$entry.name has no condition")
        if (entry.name == 'not' && parts.size() > 1) wrong(entry.at, 'not has more than one condition')
        parts.findAll { it.name == 'expression' && it.body == null }.each { wrong(it.at, 'expression needs a block') }
    }

    void assignments(Map entry) {
        for (statement in entry.body.statements) {
            def pair = statement.expression
            if (!(pair instanceof BinaryExpression) || pair.operation.text != '=') wrong(statement, 'environment holds assignments only')
        }
    }

    void steps(Map entry, boolean agent) {
        if (entry.name == 'script') { calls(new BlockStatement(entry.body.statements.findAll { !isRecord(it) }, null), 'script').each { step(it, agent) }; return }
        section(entry, STEPS + WRAPPERS, false).each { step(it, agent) }
    }

    void step(Map entry, boolean agent) {
        if (!(entry.name in STEPS + WRAPPERS)) wrong(entry.at, "unknown step $entry.name")
        if (entry.name in ON_AGENT && !agent) wrong(entry.at, "$entry.name needs an agent")
        if (entry.name in WRAPPERS) { if (entry.body == null) wrong(entry.at, "$entry.name needs a block") else steps(entry, agent) }
        if (entry.name == 'timeout') option(entry)
    }

    boolean isRecord(Statement statement) {
        def pair = statement instanceof ExpressionStatement || statement instanceof ReturnStatement ? statement.expression : null
        pair instanceof BinaryExpression && pair.operation.text == '=' && pair.leftExpression.text.with { it.startsWith('env.') || it == 'currentBuild.description' }
    }
}
