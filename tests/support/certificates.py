# SPDX-License-Identifier: Apache-2.0
"""An authority of the test's own, and the server certificates it signs, made by openssl."""
import os
import subprocess
from pathlib import Path


def _openssl(*arguments) -> None:
    done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


class Authority:
    def __init__(self, directory: Path, name: str = "an authority"):
        self.directory = Path(directory)
        self.directory.mkdir(parents=True)
        self.certificate, self._key = self.directory / "ca.crt", self.directory / "ca.key"
        self._made = 0
        _openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                 "-keyout", self._key, "-out", self.certificate, "-subj", f"/CN={name}", "-days", 30)
        (self.directory / "index").write_text("")
        (self.directory / "config").write_text(
            f"[ca]\ndefault_ca=own\n[own]\ndatabase={self.directory}/index\nrand_serial=yes\n"
            f"new_certs_dir={self.directory}\ndefault_md=sha256\npolicy=any\ncopy_extensions=copy\n"
            "unique_subject=no\n[any]\ncommonName=supplied\n")

    def server(self, host: str, begin: str = "20200101000000Z", end: str = "20991231235959Z") -> tuple:
        """(certificate, key) for a host, valid between two moments."""
        self._made += 1
        stem = self.directory / f"server{self._made}"
        request, certificate, key = (stem.with_suffix(suffix) for suffix in (".csr", ".crt", ".key"))
        _openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key,
                 "-out", request, "-subj", f"/CN={host}", "-addext", f"subjectAltName=DNS:{host}")
        _openssl("ca", "-batch", "-config", self.directory / "config", "-in", request, "-out", certificate,
                 "-cert", self.certificate, "-keyfile", self._key, "-startdate", begin, "-enddate", end,
                 "-notext")
        os.chmod(key, 0o600)
        return certificate, key
