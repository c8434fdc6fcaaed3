"""What a scan must find, and what looks like it and is none. Tokens are put together here: no file holds one."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass

LETTERS = "aB3dE6gH9jK2mN5pQ8sT1vW4xY7zA0cD3fG6hJ9kL2nP5qR8tU1wX4yZ7bC0eF3gH6jM9kL2nP5qR8tU1wX4yZ7"
HEX = "3f9a1c7e5b2d8064f1a9c3e7b5d20846f3a91c7e5b2d8064f1a9c3e7b5d20846"
PEM = "\n".join([LETTERS[:64], LETTERS[10:74], LETTERS[5:60]])
KEY = "PRIVATE" + " KEY"


@dataclass(frozen=True)
class Case:
    """A file, what it holds, and the rule that must find it there, on that line where one is told; or no rule."""

    path: str
    content: str | bytes
    rule: str | None = None
    line: int | None = None


def key(kind: str = "") -> str:
    return f"-----BEGIN {kind}{KEY}-----\n{PEM}\n-----END {kind}{KEY}-----\n"


def fields(*parts: str) -> str:
    return "".join(parts)


SECRETS = {
    "an RSA key": Case("keys/server.pem", "# mine\n" + key("RSA "), "secret", 2),
    "an OpenSSH key": Case("deploy_key", key("OPENSSH "), "secret", 1),
    "a key in JSON": Case("account.json", json.dumps({"a": 1, "private_key": key()}, indent=1), "secret", 3),
    "a PGP key": Case("a.asc", f"-----BEGIN PGP {KEY} BLOCK-----\n\n{PEM}\n", "secret", 1),
    "an AWS access key": Case("a.py", fields("x = 1\nkey = '", "AKI", "A4QX7RTYPLMZKWN2C", "'\n"), "secret", 2),
    "an AWS secret": Case(".aws.ini", f"aws_secret_access_key = {LETTERS[:40]}\n", "secret", 1),
    "a GitHub token": Case("a.sh", fields("git clone https://", "gh", "p_", LETTERS[:36], "@host/x"), "secret", 1),
    "a fine-grained GitHub token": Case("b.md", fields("use ", "github", "_pat_", LETTERS[:60]), "secret", 1),
    "a GitLab token": Case("c.txt", fields("gl", "pat-", LETTERS[:20]), "secret", 1),
    "a Slack token": Case("d.js", fields("'xo", "xb-", "918273645512-", LETTERS[:24], "'"), "secret", 1),
    "a Slack webhook": Case(
        "e", "https://hooks.slack" + f".com/services/T9A8B7C6/B5D4E3F2/{LETTERS[:24]}", "secret", 1
    ),
    "a Google key": Case("f.html", fields("AI", "za", LETTERS[:35]), "secret", 1),
    "a Stripe key": Case("g.rb", fields('"sk_', "live_", LETTERS[:24], '"'), "secret", 1),
    "a PyPI token": Case("h.cfg", fields("pyp", "i-AgEIcHlwaS5vcmc", LETTERS[:60]), "secret", 1),
    "an npm token": Case("i", fields("np", "m_", LETTERS[:36]), "secret", 1),
    "a Hugging Face token": Case("j.py", fields("h", "f_", "qZrTwKpXmVnBsLdFgHjQyEuRcOaItWzNkP"), "secret", 1),
    "a SendGrid key": Case("k.env.txt", fields("S", "G.", LETTERS[:22], ".", LETTERS[:43]), "secret", 1),
    "an Azure key": Case("l.cs", fields("Account", "Key=", LETTERS[:86], "=="), "secret", 1),
    "a Databricks token": Case("m.ipynb", fields('"dap', "i", HEX[:32], '"'), "secret", 1),
    "a JSON web token": Case(
        "n.log", fields("ey", f"J{LETTERS[:30]}.ey", f"J{LETTERS[:40]}.{LETTERS[:40]}"), "secret", 1
    ),
    "a token in bytecode": Case("o.pyc", b"\0\0\1" + fields("gh", "p_", LETTERS[:36]).encode() + b"\0", "secret"),
    "a password in code": Case("p.py", "import os\nDB_PASSWORD = 'tr0ub4dor&3x'\n", "secret", 2),
    "a token with a type": Case("q.py", f"api_token: str = '{LETTERS[:24]}'\n", "secret", 1),
    "a password in YAML": Case("r.yml", "db:\n  user: me\n  password: s9K!vv2Lq\n", "secret", 3),
    "a secret in TOML": Case("s.toml", f'[app]\nclient_secret = "{LETTERS[:32]}"\n', "secret", 2),
    "a password in a URL": Case("t.py", "u = 'postgres" + "ql://app:s9Kvv2Lq@db.internal.corp/x'\n", "secret", 1),
    "a bearer header": Case("u.http", f"GET /\nAuthorization: Bearer {LETTERS[:40]}\n", "secret", 2),
    "a token in shell": Case("v.sh", f"set -e\nexport DEPLOY_TOKEN={HEX[:32]}\n", "secret", 2),
}
FILES = {
    ".env": Case(".env", "DEBUG=1\nSECRET_KEY=k3v9s8a7d6\n", "secret_file"),
    ".npmrc": Case("web/.npmrc", f"//registry.corp/:_authToken={HEX[:36]}\n", "secret_file"),
    ".pypirc": Case(".pypirc", "[pypi]\nusername = me\npassword = s9Kvv2Lq\n", "secret_file"),
    ".netrc": Case(".netrc", "machine git.corp login me password s9Kvv2Lq\n", "secret_file"),
    "Docker's configuration": Case(
        ".docker-config/docker-config.json",
        json.dumps({"auths": {"registry.corp": {"auth": base64.b64encode(b"me:s9Kvv2Lq").decode()}}}),
        "secret_file",
    ),
    "a kubeconfig": Case(
        "deploy/kubeconfig.yaml", f"kind: Config\nusers:\n- user:\n    client-key-data: {LETTERS}\n", "secret_file"
    ),
    "git's credentials": Case(".git-credentials", "https://me:s9Kvv2Lq@git.corp\n", "secret_file"),
    "a key of ssh": Case("home/.ssh/id_ed25519", "something", "private_file"),
    "a shell's history": Case("root/.bash_history", "ls\n", "private_file"),
    "Terraform's state": Case("infra/terraform.tfstate", "{}", "private_file"),
    "a key store": Case("tls/server.p12", b"\x30\x82", "key_store"),
}
POD = """apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  automountServiceAccountToken: false
  securityContext: {runAsNonRoot: true}
  containers:
  - name: web
    image: registry.corp/web:1.0
    resources: {limits: {cpu: 1, memory: 1Gi}}
"""
MANIFESTS = {
    "privileged": Case("k/a.yaml", POD + "    securityContext:\n      privileged: true\n", "privileged", 12),
    "a capability": Case(
        "k/b.yaml", POD + "    securityContext:\n      capabilities: {add: [SYS_ADMIN]}\n", "privileged", 12
    ),
    "a folder of the node": Case("k/c.yaml", POD + "  volumes:\n  - hostPath: {path: /}\n", "host_path", 12),
    "the node's network": Case("k/d.yaml", POD + "  hostNetwork: true\n", "host_namespace", 11),
    "a port of the node": Case("k/e.yaml", POD + "    ports:\n    - hostPort: 80\n", "host_namespace", 12),
    "user 0": Case("k/f.yaml", POD + "    securityContext: {runAsUser: 0}\n", "runs_as_root", 11),
    "nothing on root": Case("k/g.yaml", POD.replace("runAsNonRoot: true", ""), "runs_as_root", 8),
    "no limits": Case("k/h.yaml", POD.replace("memory: 1Gi", ""), "no_limits", 8),
    "latest": Case("k/i.yaml", POD.replace(":1.0", ":latest"), "latest_tag", 9),
    "no tag": Case("k/j.yaml", POD.replace("corp/web:1.0", "corp:5000/web"), "latest_tag", 9),
    "a token": Case("k/k.yaml", POD.replace("  automountServiceAccountToken: false\n", ""), "mounted_token", 4),
    "a plain variable": Case(
        "k/l.yaml", POD + "    env:\n    - name: DB_PASSWORD\n      value: simple\n", "secret_in_manifest", 13
    ),
    "a Secret": Case(
        "k/m.yml",
        "---\n" + POD + "---\napiVersion: v1\nkind: Secret\ndata:\n  x: czlLdnYyTHE=\n",
        "secret_in_manifest",
        16,
    ),
    "cluster-admin": Case(
        "k/n.yaml",
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nroleRef:\n  name: cluster-admin\n",
        "cluster_admin",
        4,
    ),
    "a list": Case(
        "k/o.json",
        json.dumps(
            {
                "apiVersion": "v1",
                "kind": "List",
                "items": [{"apiVersion": "v1", "kind": "Pod", "spec": {"hostPID": True}}],
            }
        ),
        "host_namespace",
        1,
    ),
    "a CronJob": Case(
        "k/p.yaml",
        "apiVersion: batch/v1\nkind: CronJob\nspec:\n  jobTemplate:\n    spec:\n      template:\n        spec:\n"
        "          hostIPC: true\n",
        "host_namespace",
        8,
    ),
}
DOCKER = "FROM debian:12\n"
DOCKERFILES = {
    "root": Case("a/Dockerfile", DOCKER + "RUN true\n", "dockerfile_root", 1),
    "root again": Case("b/Dockerfile", DOCKER + "USER 1000\nUSER root\n", "dockerfile_root", 3),
    "a base that changes": Case("c/Dockerfile", "FROM debian\nUSER 1000\n", "latest_tag", 1),
    "ADD of an address": Case("d/Containerfile", DOCKER + "ADD https://x.corp/a.tgz /\nUSER 1\n", "remote_add", 2),
    "curl to sh": Case("e/Dockerfile.gpu", DOCKER + "RUN set -e; \\\n  curl -s x | bash\nUSER 1\n", "pipe_to_shell", 2),
    "a secret in ENV": Case(
        "f.dockerfile", DOCKER + "ENV A=1 DB_PASSWORD=letmein9\nUSER 1\n", "secret_in_dockerfile", 2
    ),
    "a secret in ARG": Case("g/Dockerfile", DOCKER + "ARG TOKEN=abc123def\nUSER 1\n", "secret_in_dockerfile", 2),
    "an argument for one": Case("h/Dockerfile", DOCKER + "ARG PIP_PASSWORD\nUSER 1\n", "secret_argument", 2),
}
CI = {
    "GitLab": Case(".gitlab-ci.yml", f"variables:\n  DEPLOY_TOKEN: {HEX[:24]}\n", "secret_in_ci", 2),
    "Jenkins": Case("Jenkinsfile", "environment {\n  REGISTRY_PASSWORD = 's9K!vv2Lq'\n}\n", "secret_in_ci", 2),
    "GitHub": Case(".github/workflows/a.yml", f"env:\n  API_KEY: '{LETTERS[:30]}'\n", "secret_in_ci", 2),
    "a script's line": Case("ci/x.gitlab-ci.yml", "a:\n  script:\n  - export PASSWORD=s9K!vv2Lq\n", "secret_in_ci", 3),
}
PLANTED = {**SECRETS, **FILES, **MANIFESTS, **DOCKERFILES, **CI}

HARMLESS = {
    "a variable read": Case("a.py", "password = os.environ['DB_PASSWORD']\ntoken = getenv('API_TOKEN')\n"),
    "a reference": Case("b.yml", "password: ${DB_PASSWORD}\ntoken: $CI_JOB_TOKEN\nsecret: '{{ vault_secret }}'\n"),
    "placeholders": Case("c.toml", "password = 'changeme'\napi_key = 'YOUR-API-KEY-HERE'\ntoken = '<token>'\n"),
    "the documentation's key": Case("d.md", fields("AKI", "AIOSFODNN7", "EXAMPLE")),
    "x for a token": Case("e.md", fields("gh", "p_", "x" * 36)),
    "a public key": Case("f.pem", f"-----BEGIN PUBLIC KEY-----\n{PEM}\n-----END PUBLIC KEY-----\n"),
    "a certificate": Case("g.crt", f"-----BEGIN CERTIFICATE-----\n{PEM}\n-----END CERTIFICATE-----\n"),
    "a key's first line in code": Case("h.py", f"if text.startswith('-----BEGIN {KEY}-----'):\n    pass\n"),
    "a digest": Case("i.py", f"token_sha256 = '{HEX}'\nPASSWORD_HASH = '{HEX}'\n"),
    "a lock file": Case("requirements.lock", f"numpy==2.0 \\\n    --hash=sha256:{HEX}\n"),
    "tokens of a language model": Case(
        "j.py", "max_tokens = 4096\npad_token = '<|endoftext|>'\ntokenizer = 'bert-base'\n"
    ),
    "names": Case("k.py", "SECRET_NAME = 'registry-credentials'\ntoken_url = 'https://login.corp/oauth/token'\n"),
    "a comparison": Case("l.py", "if token == 'a8f5f167f44f4964e6c998dee827110c':\n    pass\n"),
    "a prompt": Case("m.py", "password = getpass('Enter your password: ')\nsecret = 'the secret ingredient is love'\n"),
    "an address without a password": Case("n.py", "u = 'https://user@host.corp:8080/path'\n"),
    "an address of an example": Case("o.md", "postgres" + "ql://user:password@localhost/db, https://u:p4ss@x.example/"),
    "an address from variables": Case("p.sh", 'git clone "https://ci:${TOKEN}@git.corp/x"\nx="https://$U:$P@h.corp"\n'),
    "a sample of .env": Case(".env.example", "SECRET_KEY=k3v9s8a7d6\n".replace("k3v9s8a7d6", "changeme")),
    "an .env without secrets": Case(".env", "DEBUG=1\nLOG_LEVEL=info\nDB_PASSWORD=\n"),
    "an .npmrc from a variable": Case(".npmrc", "//registry.corp/:_authToken=${NPM_TOKEN}\n"),
    "Docker's configuration of a helper": Case("docker-config.json", '{"auths": {"r.corp": {}}, "credsStore": "pass"}'),
    "a kubeconfig of a plugin": Case("kubeconfig", "kind: Config\nusers:\n- user: {exec: {command: aws}}\n"),
    "git's other files": Case(".gitignore", ".env\n*.pem\n"),
    "an empty history": Case(".bash_history", ""),
    "a good pod": Case("k/a.yaml", POD),
    "a secret by reference": Case(
        "k/b.yaml",
        POD + "    env:\n    - name: DB_PASSWORD\n      valueFrom: {secretKeyRef: {name: db, key: password}}\n",
    ),
    "a digest of an image": Case("k/c.yaml", POD.replace("web:1.0", f"web@sha256:{HEX}")),
    "a template of a manifest": Case("k/d.yaml", "apiVersion: v1\nkind: Pod\n{{- if .x }}\nspec: {hostPID: true}\n"),
    "YAML that is no manifest": Case("k/e.yaml", "kind: dataset\nspec: {hostNetwork: true}\n"),
    "a good Dockerfile": Case(
        "a/Dockerfile",
        "# syntax\nFROM debian:12 AS build\nRUN curl -o a https://x.corp && sha256sum -c a.sum && sh a\n"
        "FROM build\nENV TOKEN_FILE=/run/secrets/token\nRUN --mount=type=secret,id=t cat /run/secrets/t\nUSER 10001\n",
    ),
    "a base by variable": Case("b/Dockerfile", "ARG BASE\nFROM ${BASE}\nUSER app\n"),
    "a template of a Dockerfile": Case("Dockerfile.j2", "FROM {{ base }}\nUSER root\n"),
    "CI's own variables": Case(
        ".gitlab-ci.yml",
        "a:\n  id_tokens: {VAULT_TOKEN: {aud: x}}\n  script: ['login -p $CI_REGISTRY_PASSWORD']\n"
        "  secrets: {A: {vault: b}}\n",
    ),
    "GitHub's secrets": Case(
        ".github/workflows/a.yml", "permissions:\n  id-token: write\nenv:\n  T: ${{ secrets.TOKEN }}\n"
    ),
    "Jenkins's credentials": Case("Jenkinsfile", "environment {\n  REGISTRY = credentials('registry-robot')\n}\n"),
    "a published package's example": Case("v/lib/site-packages/x/a.py", "password = 'tr0ub4dor&3x'\n"),
    "a table of random words": Case("data/a.csv", "id,password\n1,password='tr0ub4dor&3x'\n"),
}
