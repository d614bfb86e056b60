#include "gui/remote/keychainkeys.h"

#include <memory>
#include <utility>

#include <QLoggingCategory>
#include <QPointer>
#include <QTimer>

#include <qt6keychain/keychain.h>

namespace argali::gui {
namespace {

Q_LOGGING_CATEGORY(keyLog, "argali.keys")

} // namespace

KeychainKeys::KeychainKeys(const QString& service, QObject* parent)
    : KeyKeeper(parent), m_service(service)
{
}

void KeychainKeys::read(const QString& id, QObject* context, Callback callback)
{
    if (const auto found = m_keys.constFind(id); found != m_keys.constEnd()) {
        QMetaObject::invokeMethod(
            context,
            [callback, key = *found] {
                callback({Outcome::Done, key, {}});
            },
            Qt::QueuedConnection);
        return;
    }
    start(new QKeychain::ReadPasswordJob(m_service), id, context, callback,
          [this, id](const QKeychain::Job& job) {
              QByteArray bytes = static_cast<const QKeychain::ReadPasswordJob&>(job).binaryData();
              const remote::Secret key(bytes.toStdString());
              bytes.fill('\0');
              if (!key.isEmpty())
                  m_keys.insert(id, key);
              return Answer{key.isEmpty() ? Outcome::None : Outcome::Done, key, {}};
          });
}

void KeychainKeys::write(const QString& id, const remote::Secret& key, QObject* context,
                         Callback callback)
{
    m_keys.insert(id, key); // whatever the keychain says
    auto* const job = new QKeychain::WritePasswordJob(m_service);
    const auto value = key.reveal();
    job->setBinaryData(QByteArray(value.data(), qsizetype(value.size())));
    start(job, id, context, callback, [](const QKeychain::Job&) {
        return Answer{Outcome::Done, {}, {}};
    });
}

void KeychainKeys::remove(const QString& id, QObject* context, Callback callback)
{
    m_keys.remove(id);
    start(new QKeychain::DeletePasswordJob(m_service), id, context, callback,
          [](const QKeychain::Job&) {
              return Answer{Outcome::Done, {}, {}};
          });
}

void KeychainKeys::start(QKeychain::Job* job, const QString& id, QObject* context,
                         const Callback& callback,
                         const std::function<Answer(const QKeychain::Job&)>& read)
{
    // The job deletes itself when it is done; who asked may have gone, or lost patience.
    const auto isAnswered = std::make_shared<bool>(false);
    const auto say = [context = QPointer<QObject>(context), callback,
                      isAnswered](const Answer& said) {
        if (!std::exchange(*isAnswered, true) && context)
            callback(said);
    };
    job->setKey(id);
    job->setInsecureFallback(false);
    connect(job, &QKeychain::Job::finished, this, [this, read, say](QKeychain::Job* done) {
        switch (done->error()) {
        case QKeychain::NoError:
            note(true);
            return say(read(*done));
        case QKeychain::EntryNotFound:
            note(true);
            return say({Outcome::None, {}, {}});
        default:
            qCWarning(keyLog, "the keychain: error %d, %s", int(done->error()),
                      qPrintable(done->errorString()));
            note(false);
            return say({Outcome::Memory, {}, done->errorString()});
        }
    });
    QTimer::singleShot(patience, this, [this, isAnswered, say] {
        if (*isAnswered)
            return;
        note(false);
        say({Outcome::Memory, {}, {}});
    });
    job->start();
}

void KeychainKeys::note(bool keeps)
{
    if (m_keeps == keeps)
        return;
    m_keeps = keeps;
    emit keepsChanged();
}

} // namespace argali::gui
