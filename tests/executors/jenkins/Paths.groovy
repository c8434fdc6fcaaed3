/** Ant's path patterns: https://ant.apache.org/manual/dirtasks.html#patterns */
class Paths {
    static List<File> matching(File root, String includes, String excludes) {
        def found = []
        root.eachFileRecurse {
            def path = root.toPath().relativize(it.toPath()).toString()
            if (it.file && matches(includes, path) && !matches(excludes, path)) found << it
        }
        found.sort()
    }
    static boolean matches(String patterns, String path) {
        patterns.split(',').any { it && path ==~ expression(it.trim()) }
    }
    static String expression(String pattern) {
        def text = pattern.endsWith('/') ? pattern + '**' : pattern
        text.replaceAll(/\*\*\/|\/\*\*$|\*\*|\*|\?|[^A-Za-z0-9_\/]/) { [('**/'): '(?:.*/)?', ('/**'): '(?:/.*)?', ('**'): '.*', ('*'): '[^/]*', ('?'): '[^/]'][it] ?: '\\' + it }
    }
}
