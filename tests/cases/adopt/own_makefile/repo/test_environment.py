import sys

REQUIRED_PYTHON = 'python3'


def main():
    if sys.version_info.major != 3:
        raise TypeError('needs Python 3')


if __name__ == '__main__':
    main()
