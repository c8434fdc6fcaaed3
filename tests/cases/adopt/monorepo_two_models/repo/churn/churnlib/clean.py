def clean(df):
    return df.dropna()
