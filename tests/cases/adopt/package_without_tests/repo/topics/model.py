from gensim.models import LdaModel


def fit(corpus, words):
    return LdaModel(corpus, id2word=words, num_topics=20)
