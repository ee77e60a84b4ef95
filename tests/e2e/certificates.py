"""Certificates for tests, made with the openssl command."""

import subprocess
from pathlib import Path

KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


class Authority:
    """Makes certificates in a folder of its own."""

    def __init__(self, folder: str, name: str = "ca"):
        self.folder = Path(folder)
        self.name = name
        self.openssl("req", "-x509", *KEY, "-subj", f"/CN=Test authority {name}", "-days", "2",
                     "-keyout", f"{name}.key", "-out", f"{name}.pem")
        self.certificate = str(self.folder / f"{name}.pem")

    def openssl(self, *arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=self.folder, check=True, capture_output=True)

    def issue(self, name: str, subject: str, *, days: int = 1, self_signed: bool = False) -> tuple[str, str]:
        """Makes a certificate and key for a subjectAltName such as DNS:localhost. With negative days it has expired."""
        (self.folder / "san").write_text(f"subjectAltName={subject}\n", encoding="ascii")
        self.openssl("req", *KEY, "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.csr")
        signer = (["-signkey", f"{name}.key"] if self_signed
                  else ["-CA", f"{self.name}.pem", "-CAkey", f"{self.name}.key", "-CAcreateserial"])
        self.openssl("x509", "-req", "-in", f"{name}.csr", *signer, "-extfile", "san", "-days", str(days), "-out", f"{name}.pem")
        return str(self.folder / f"{name}.pem"), str(self.folder / f"{name}.key")
