print 'the version of 2014'
