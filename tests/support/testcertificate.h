#pragma once

#include <memory>

#include <QByteArray>
#include <QSslCertificate>
#include <QSslKey>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

/// A certificate for this machine that nobody has signed but itself, made anew.
struct TestCertificate {
    QByteArray pem;
    QSslCertificate certificate;
    QSslKey key;

    TestCertificate()
    {
        const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> pair(
            EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"), &EVP_PKEY_free);
        const std::unique_ptr<X509, decltype(&X509_free)> made(X509_new(), &X509_free);
        X509_set_version(made.get(), 2);
        ASN1_INTEGER_set(X509_get_serialNumber(made.get()), 1);
        X509_gmtime_adj(X509_getm_notBefore(made.get()), -24 * 3600);
        X509_gmtime_adj(X509_getm_notAfter(made.get()), 24 * 3600);
        X509_set_pubkey(made.get(), pair.get());
        X509_NAME* const name = X509_get_subject_name(made.get());
        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                                   reinterpret_cast<const unsigned char*>("argali-test"), -1, -1,
                                   0);
        X509_set_issuer_name(made.get(), name);
        add(made.get(), NID_subject_alt_name, "IP:127.0.0.1,DNS:localhost");
        add(made.get(), NID_basic_constraints, "critical,CA:TRUE");
        X509_sign(made.get(), pair.get(), EVP_sha256());
        pem = written([&](BIO* out) { PEM_write_bio_X509(out, made.get()); });
        certificate = QSslCertificate(pem, QSsl::Pem);
        key = QSslKey(written([&](BIO* out) {
                          PEM_write_bio_PrivateKey(out, pair.get(), nullptr, nullptr, 0, nullptr,
                                                   nullptr);
                      }),
                      QSsl::Ec);
        if (certificate.isNull() || key.isNull())
            qFatal("no certificate can be made");
    }

private:
    static void add(X509* certificate, int kind, const char* value)
    {
        const std::unique_ptr<X509_EXTENSION, decltype(&X509_EXTENSION_free)> extension(
            X509V3_EXT_conf_nid(nullptr, nullptr, kind, value), &X509_EXTENSION_free);
        X509_add_ext(certificate, extension.get(), -1);
    }
    template <typename Write> static QByteArray written(const Write& write)
    {
        const std::unique_ptr<BIO, decltype(&BIO_free)> out(BIO_new(BIO_s_mem()), &BIO_free);
        write(out.get());
        const char* bytes = nullptr;
        const long size = BIO_get_mem_data(out.get(), &bytes);
        return QByteArray(bytes, qsizetype(size));
    }
};
