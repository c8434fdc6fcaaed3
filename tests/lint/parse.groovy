// Says of every file in a folder whether Groovy can read it: no more than its syntax.
import org.codehaus.groovy.control.CompilationUnit
import org.codehaus.groovy.control.Phases

new File(args[0]).listFiles().sort().each { file ->
    try {
        def unit = new CompilationUnit()
        unit.addSource(file.name, file.getText('UTF-8'))
        unit.compile(Phases.CONVERSION)
        println "${file.name} good"
    } catch (Throwable error) {
        println "${file.name} bad"
    }
}
