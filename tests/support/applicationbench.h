#pragma once

#include <memory>

#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

#include "gui/application.h"
#include "gui/chat/chatwidget.h"
#include "gui/chat/composeredit.h"
#include "gui/mainwindow.h"
#include "gui/remote/profilestore.h"
#include "tests/support/fakeserver.h"

namespace argali::gui {

inline constexpr int longest = 60'000; ///< ms for one answer, under sanitizers too

/// What a server of that owner says of one model.
inline FakeServer::Answer listing(const QByteArray& owner)
{
    return FakeServer::json(R"({"object":"list","data":[{"id":"m","object":"model","owned_by":")" +
                            owner + "\"}]}");
}

/// The program with everything it has, in a folder of its own.
struct ApplicationBench {
    QTemporaryDir dir;
    QString folder;
    std::unique_ptr<Application> application;

    /// in: the folder; empty: one that goes with this
    explicit ApplicationBench(const QString& in = {}) : folder(in.isEmpty() ? dir.path() : in)
    {
        start();
    }
    void start()
    {
        application.reset();
        application = std::make_unique<Application>(
            Application::Options{Places::under(folder), {}, StartupTrace(false)});
        QSignalSpy ready(application.get(), &Application::modelReady);
        application->start();
        if (ready.isEmpty() && !ready.wait(longest))
            qFatal("the pocket model does not open");
    }
    MainWindow& window() const { return application->window(); }
    Composer& composer() const { return *window().chat()->composer(); }
    SourceChoice& sources() const { return application->sources(); }
    ConversationBook& book() const { return application->book(); }
    TurnController& turns() const { return application->turns(); }

    static ConnectionProfile profileOf(int port, const QString& name)
    {
        ConnectionProfile profile;
        profile.id = name;
        profile.name = name;
        profile.url = QStringLiteral("http://127.0.0.1:%1").arg(port);
        return profile;
    }
    ServerConnection& connection(const QString& profile) const
    {
        return *application->servers().find(profile);
    }
    /// Whether some model of this server can be chosen.
    bool isOffered(const QString& profile) const
    {
        for (const OfferedModel& offered : sources().offered())
            for (const RemoteTarget& target : offered.targets())
                if (target.profile == profile)
                    return true;
        return false;
    }
    /// Names a server in the settings; it has been reached when this returns.
    bool add(const ConnectionProfile& profile) const
    {
        return application->servers().store().put(profile).isEmpty() &&
               QTest::qWaitFor([&] { return isOffered(profile.id); }, longest);
    }
    /// Names a server in the settings; its models are offered when this returns.
    bool connectTo(int port, const QString& name)
    {
        const ConnectionProfile profile = profileOf(port, name);
        const qsizetype before = sources().offered().size();
        return application->servers().store().put(profile).isEmpty() &&
               QTest::qWaitFor([&] { return sources().offered().size() > before; }, longest);
    }
    /// The model of that name, chosen to answer.
    bool choose(const char* model)
    {
        for (const OfferedModel& offered : sources().offered()) {
            if (offered.target.model.id == model) {
                sources().choose(offered.source());
                return true;
            }
        }
        return false;
    }
    void ask(const QString& text)
    {
        composer().edit()->setPlainText(text);
        window().chat()->send();
    }
    bool isAnswered() const
    {
        return QTest::qWaitFor(
            [this] { return !window().chat()->isWaitingToSend() && !turns().isBusy(); }, longest);
    }
    const Turn& last() const { return book().current().turns().back(); }
    /// An answer of the model on this computer to the same question.
    QString answerHere(const QString& text)
    {
        const AnswerSource source = sources().current();
        sources().choose({});
        book().startNew();
        ask(text);
        if (!isAnswered())
            return {};
        const QString answer = last().answer.text;
        book().startNew();
        sources().choose(source);
        return answer;
    }
};

} // namespace argali::gui
