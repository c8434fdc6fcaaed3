import java.util.concurrent.ConcurrentHashMap
import java.util.concurrent.locks.ReentrantLock

/** The steps of one stage, run for real in its workspace. */
class Steps {
    final Map config
    final Variables env
    final String stage
    final File workspace
    final boolean parallel
    boolean failed = false
    boolean losesAgent
    private final Map overlay = [:]
    private static final Map BUILD = new ConcurrentHashMap()
    private static final Map LOCKS = new ConcurrentHashMap()

    Steps(Map config, Variables env, String stage, File workspace, boolean parallel) {
        this.config = config; this.env = env; this.stage = stage; this.workspace = workspace; this.parallel = parallel
    }

    def run(Closure body) { body.delegate = this; body.resolveStrategy = Closure.DELEGATE_FIRST; body.call() }

    void sh(String command) {
        if (losesAgent) throw new AgentLost()
        def script = File.createTempFile('script', '.sh', new File(config.work as String, 'tmp'))
        script.setText(command, 'UTF-8')
        def builder = new ProcessBuilder('sh', '-xe', script.path).directory(workspace).redirectErrorStream(true)
        builder.redirectOutput(ProcessBuilder.Redirect.appendTo(new File(config.work as String, "logs/${stage}.log")))
        builder.environment().putAll(config.environment + env.values + [WORKSPACE: workspace.path, STAGE_NAME: stage] + overlay)
        def code = builder.start().waitFor()
        if (code != 0) throw new Abort("script returned exit code $code")
    }
    void echo(String text) { new File(config.work as String, "logs/${stage}.log") << text + '\n' }
    void milestone(int ordinal) { if (parallel) throw new Abort('Using a milestone step inside parallel is not allowed') }

    void stash(Map options) {
        def folder = new File(config.work as String, "stashes/$options.name")
        def excludes = (options.excludes ?: '') + (options.useDefaultExcludes == false ? '' : ',**/.git/**,**/*~,**/.DS_Store')
        if (copy(options.includes as String, excludes, folder) == 0 && !options.allowEmpty) throw new Abort("No files included in stash '$options.name'")
    }
    void unstash(String name) {
        def folder = new File(config.work as String, "stashes/$name")
        if (!folder.directory) throw new Abort("No such saved stash '$name'")
        folder.eachFileRecurse { if (it.file) copyFile(it, new File(workspace, folder.toPath().relativize(it.toPath()).toString())) }
    }
    void archiveArtifacts(Map options) {
        def count = copy(options.artifacts as String, (options.excludes ?: '') as String, new File(config.work as String, 'archive'))
        if (count == 0 && !options.allowEmptyArchive) throw new Abort('No artifacts found that match')
    }
    void junit(Map options) {
        def found = Paths.matching(workspace, options.testResults as String, '')
        if (!found && !options.allowEmptyResults) throw new Abort('No test report files were found')
        found.each { new XmlSlurper().parse(it) }
    }

    def catchError(Map options, Closure body) {
        try { run(body) } catch (Abort problem) { echo("ERROR: $problem.message"); failed |= options.buildResult != 'SUCCESS' }
    }
    String readFile(String path) { new File(workspace, path).getText('UTF-8') }
    Map getCurrentBuild() { BUILD.computeIfAbsent(config.work) { new ConcurrentHashMap() } }
    def timeout(Map options, Closure body) {
        if (!(options.time instanceof Integer) || !(options.unit in [null, 'SECONDS', 'MINUTES', 'HOURS', 'DAYS'])) throw new Abort('timeout needs a time and a unit')
        run(body)
    }
    def lock(String name, Closure body) {
        def held = LOCKS.computeIfAbsent(name) { new ReentrantLock() }
        held.lock()
        try { run(body) } finally { held.unlock() }
    }
    def script(Closure body) { run(body) }
    def withCredentials(List<Map> bindings, Closure body) {
        bindings.each { overlay.putAll(it) }
        try { run(body) } finally { bindings.each { overlay.keySet().removeAll(it.keySet()) } }
    }
    private credential(Map options) {
        def found = config.credentials[options.credentialsId]
        if (found == null) throw new Abort("Could not find credentials '$options.credentialsId'")
        found
    }
    Map string(Map options) { [(options.variable): credential(options)] }
    Map file(Map options) { [(options.variable): credential(options)] }
    Map usernamePassword(Map options) {
        def (user, password) = credential(options)
        [(options.usernameVariable): user, (options.passwordVariable): password]
    }

    private int copy(String includes, String excludes, File target) {
        target.mkdirs()
        def found = Paths.matching(workspace, includes, excludes)
        found.each { copyFile(it, new File(target, workspace.toPath().relativize(it.toPath()).toString())) }
        found.size()
    }
    private static void copyFile(File source, File target) {
        target.parentFile.mkdirs()
        java.nio.file.Files.copy(source.toPath(), target.toPath(), java.nio.file.StandardCopyOption.REPLACE_EXISTING)
    }
}
