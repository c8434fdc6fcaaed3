print('# credit')
