import sys

assert open(sys.argv[1]).readline().startswith('day'), 'no header'
