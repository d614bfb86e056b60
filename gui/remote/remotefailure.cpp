#include "gui/remote/remotefailure.h"

#include <QCoreApplication>

#include "gui/displayname.h"

namespace argali::gui {
namespace {

class Words {
    Q_DECLARE_TR_FUNCTIONS(argali::gui::RemoteFailure)
public:
    static QString of(const remote::Failure& failure, const QString& server, const QString& model);
    static QString of(RemoteAnswer::Remark remark, const QString& server);

private:
    static QString ofConnection(remote::FailureKind kind, const QString& server);
    static QString ofTooManyPictures(const remote::Failure& failure, const QString& server);
    static QString ofStarting(const remote::Failure& failure, const QString& server);
};

QString Words::ofConnection(remote::FailureKind kind, const QString& server)
{
    using Kind = remote::FailureKind;
    switch (kind) {
    case Kind::Refused:
        return tr("Nobody answers at the address of %1. Start the server, or correct address and "
                  "port in the settings.")
            .arg(server);
    case Kind::NameNotFound:
        return tr("The host name of %1 is not known. Correct it in the settings, or look whether "
                  "this computer is connected.")
            .arg(server);
    case Kind::Unreachable:
        return tr("There is no way to %1. Look whether this computer is connected to its network.")
            .arg(server);
    case Kind::TimedOut:
        return tr("%1 said nothing for too long. Ask again, or allow it more time in the settings.")
            .arg(server);
    case Kind::Proxy:
        return tr("The proxy in front of %1 does not let us through. Look at the proxy in the "
                  "settings.")
            .arg(server);
    case Kind::Tls:
        return tr("There is no safe connection to %1: its certificate is not trusted here. Add its "
                  "authority in the settings, or correct the address.")
            .arg(server);
    case Kind::CutOff:
        return tr("The connection to %1 ended before the answer did. What came stays.").arg(server);
    default:
        return {};
    }
}

QString Words::ofTooManyPictures(const remote::Failure& failure, const QString& server)
{
    if (failure.pictureLimit)
        return tr("%1 takes at most %n picture(s) or frames in one question. Choose fewer.",
                  nullptr, int(std::min<int64_t>(*failure.pictureLimit, 100'000)))
            .arg(server);
    return tr("These are more pictures or frames than %1 takes in one question. Choose fewer.")
        .arg(server);
}

QString Words::ofStarting(const remote::Failure& failure, const QString& server)
{
    if (failure.progress)
        return tr("%1 is still loading its model (%2 %). Ask again when it is ready.")
            .arg(server)
            .arg(int(*failure.progress * 100));
    return tr("%1 is still loading its model. Ask again when it is ready.").arg(server);
}

QString Words::of(const remote::Failure& failure, const QString& server, const QString& model)
{
    using Kind = remote::FailureKind;
    switch (failure.kind) {
    case Kind::WrongKey:
        return tr("%1 does not accept the key. Enter the right one in the settings.").arg(server);
    case Kind::Starting:
        return ofStarting(failure, server);
    case Kind::NotOpenAiStyle:
        return tr("What answers at the address of %1 is no server of this kind. Correct the "
                  "address "
                  "in the settings.")
            .arg(server);
    case Kind::ModelNotFound:
        return tr("%1 does not have the model %2 any more. Choose another one.").arg(server, model);
    case Kind::Overloaded:
        return tr("%1 has too much to do. Ask again in a moment.").arg(server);
    case Kind::TooLarge:
        return tr("The question is larger than %1 takes. Use fewer or smaller pictures.")
            .arg(server);
    case Kind::TooManyPictures:
        return ofTooManyPictures(failure, server);
    case Kind::ContextExceeded:
        return tr("The chat is longer than the context of %1. Use fewer frames, or begin a new "
                  "chat.")
            .arg(model);
    case Kind::BadRequest:
        return tr("%1 refuses this question. The details say why.").arg(server);
    case Kind::ServerError:
        return tr("%1 reports a fault of its own. Ask again; if it stays, its log says more.")
            .arg(server);
    case Kind::Malformed:
        return tr("What %1 sends cannot be read. The details say more.").arg(server);
    case Kind::Other:
        return tr("%1 gave no answer. The details say more.").arg(server);
    default:
        return ofConnection(failure.kind, server);
    }
}

QString Words::of(RemoteAnswer::Remark remark, const QString& server)
{
    switch (remark) {
    case RemoteAnswer::Remark::BudgetNotHeld:
        return tr("%1 did not hold the thinking budget.").arg(server);
    case RemoteAnswer::Remark::MediaOptionsRefused:
        return tr("%1 decides itself how large pictures are for the model.").arg(server);
    case RemoteAnswer::Remark::ThinkingNotSwitched:
        return tr("%1 does not let thinking be switched on or off.").arg(server);
    case RemoteAnswer::Remark::FilmAsFrames:
        return tr("%1 takes no film as a file; its frames were sent.").arg(server);
    case RemoteAnswer::Remark::PartsLeftOut:
        return tr("The answer had parts that are no text; they are left out.");
    case RemoteAnswer::Remark::Filtered:
        return tr("%1 ended the answer because of what it is about.").arg(server);
    case RemoteAnswer::Remark::EndedByServer:
        return tr("%1 ended the answer early.").arg(server);
    case RemoteAnswer::Remark::NoEnd:
        return tr("%1 did not say whether the answer is complete.").arg(server);
    }
    return {};
}

} // namespace

Failure remoteFailure(const remote::Failure& failure, const QString& server, const QString& model)
{
    QString details = QString::fromLatin1(nameOf(failure.kind));
    if (failure.status != 0)
        details += QStringLiteral(" (HTTP %1)").arg(failure.status);
    if (!failure.detail.empty())
        details += QStringLiteral(": ") + QString::fromStdString(failure.detail);
    return Failure::withSentence(
        Error::Code::Network, Words::of(failure, displayName(server), displayName(model)), details);
}

QString sentenceOf(RemoteAnswer::Remark remark, const QString& server)
{
    return Words::of(remark, displayName(server));
}

} // namespace argali::gui
