"""Certificates for the tests, made with the openssl command."""

import dataclasses
import pathlib
import ssl
import subprocess


@dataclasses.dataclass(frozen=True)
class Issued:
    """A certificate (PEM, leaf first) and its private key."""

    certificate: pathlib.Path
    key: pathlib.Path

    def spki_sha256(self):
        """Base64 of the SHA-256 of the public key: what browsers pin."""
        public = _openssl("x509", "-in", self.certificate, "-noout", "-pubkey")
        der = _openssl("pkey", "-pubin", "-outform", "DER", given=public)
        return _openssl("base64", given=_openssl("dgst", "-sha256", "-binary", given=der)).decode().strip()

    def der(self):
        return ssl.PEM_cert_to_DER_cert(self.certificate.read_text())


class Authority:
    """A certificate authority that lives in a folder."""

    def __init__(self, folder, name="ca"):
        self.folder = folder
        self.certificate = folder / f"{name}.crt"
        self._key = folder / f"{name}.key"
        _make_key(self._key, "ec")
        _openssl("req", "-x509", "-new", "-key", self._key, "-days", "30", "-subj", f"/CN=Culvert test {name}",
                 "-out", self.certificate)

    def issue(self, name, *names, key="ec", days=30):
        """A certificate for the subject alternative names (`DNS:...`, `IP:...`, `URI:...`); without any: localhost."""
        issued = Issued(self.folder / f"{name}.crt", self.folder / f"{name}.key")
        _make_key(issued.key, key)
        extensions = self.folder / f"{name}.ext"
        alternatives = ",".join(names or ("DNS:localhost", "IP:127.0.0.1", "IP:::1"))
        extensions.write_text(f"subjectAltName={alternatives}\nbasicConstraints=critical,CA:false\n")
        request = _openssl("req", "-new", "-key", issued.key, "-subj", f"/CN={name}")
        _openssl("x509", "-req", "-days", str(days), "-CA", self.certificate, "-CAkey", self._key,
                 "-CAcreateserial", "-extfile", extensions, "-out", issued.certificate, given=request)
        return issued

    def client_context(self, *, certificate=None, minimum=None, maximum=None, protocols=()):
        """A client's TLS settings that trust this authority."""
        context = ssl.create_default_context(cafile=self.certificate)
        if certificate:
            context.load_cert_chain(certificate.certificate, certificate.key)
        if minimum:
            context.minimum_version = minimum
        if maximum:
            context.maximum_version = maximum
        if protocols:
            context.set_alpn_protocols(list(protocols))
        return context


def server_context(issued, tickets=2):
    """A server's TLS settings; `tickets` is how many session tickets a client of TLS 1.3 is sent."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(issued.certificate, issued.key)
    context.num_tickets = tickets
    return context


def _make_key(file, kind):
    if kind == "ec":
        _openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", file)
    else:
        _openssl("genrsa", "-out", file, "2048")


def _openssl(*arguments, given=None):
    return subprocess.run(["openssl", *map(str, arguments)], input=given, capture_output=True, check=True).stdout
