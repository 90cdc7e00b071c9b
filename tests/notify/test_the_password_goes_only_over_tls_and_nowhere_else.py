"""A login happens over a checked connection, and its password is in no message, cause or representation."""

import ssl
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from iamflow.domain.errors import ConfigError, TemporaryError
from iamflow.notify.smtp import SmtpChannel, SmtpSettings
from tests.notify.letters import PROMISED, SENDER, StillClock, notice
from tests.notify.sink import Sink, serving


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for localhost, with its key, that nobody trusts yet."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    # The TLS library judges by the machine's own clock, so the certificate holds around any date that it may show.
    start = StillClock().now() - timedelta(days=20_000)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=60_000))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "localhost.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + signed.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture
def server(certificate: Path) -> Iterator[Sink]:
    """A mail server that wants TLS and a login."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    sink = Sink()
    with serving(
        sink, tls_context=context, require_starttls=True, authenticator=sink.log_in, auth_required=True
    ) as running:
        yield running


@pytest.fixture
def trusted(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make this process trust that certificate."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))


def channel(server: Sink, password: str) -> SmtpChannel:
    settings = SmtpSettings(
        host="localhost",
        port=server.port,
        sender=SENDER,
        starttls=True,
        username="mailer",
        password=lambda: password,
        timeout=5,
    )
    return SmtpChannel(settings, StillClock())


@pytest.mark.usefixtures("trusted")
def test_the_mail_goes_over_tls_after_a_login(server: Sink) -> None:
    channel(server, server.password).send(notice(), PROMISED)

    assert server.logins == [("mailer", server.password)]
    assert server.encrypted == [True]


def test_nothing_is_sent_to_a_server_whose_certificate_nobody_vouches_for(server: Sink) -> None:
    with pytest.raises(TemporaryError, match="over TLS"):
        channel(server, server.password).send(notice(), PROMISED)

    assert server.logins == []


def test_nothing_is_sent_to_a_server_that_offers_no_tls(sink: Sink) -> None:
    with pytest.raises(TemporaryError, match="over TLS"):
        channel(sink, sink.password).send(notice(), PROMISED)

    assert sink.mails == []


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("password", ["wrong-hunter2", "wrong-hunter2-ñ"])
def test_a_login_that_fails_says_where_to_look_and_never_what_was_tried(server: Sink, password: str) -> None:
    with pytest.raises(TemporaryError, match=r"check notify\.smtp\.username and password") as refused:
        channel(server, password).send(notice(), PROMISED)

    assert "hunter2" not in str(refused.value)
    assert refused.value.__suppress_context__
    assert server.mails == []


@pytest.mark.usefixtures("trusted")
def test_a_password_that_cannot_be_fetched_is_told_in_its_own_words(server: Sink) -> None:
    def missing() -> str:
        message = "the environment variable MAIL_PASSWORD that should hold a secret is not set"
        raise ConfigError(message)

    settings = SmtpSettings(
        host="localhost", port=server.port, sender=SENDER, starttls=True, username="mailer", password=missing, timeout=5
    )

    with pytest.raises(TemporaryError, match="MAIL_PASSWORD"):
        SmtpChannel(settings, StillClock()).send(notice(), PROMISED)


def test_the_settings_do_not_show_the_password() -> None:
    settings = SmtpSettings(host="localhost", sender=SENDER, password=lambda: "hunter2")

    assert "password" not in repr(settings)
