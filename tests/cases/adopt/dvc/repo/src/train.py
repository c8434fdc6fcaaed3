import pickle
import sys

from sklearn.ensemble import RandomForestClassifier

output = sys.argv[2]
clf = RandomForestClassifier()
with open(output, 'wb') as fd:
    pickle.dump(clf, fd)
