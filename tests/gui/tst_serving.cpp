// The model of the window, served to other programs: the real server as a child of this process,
// and what the window shows of it.
#include <csignal>
#include <cstdio>
#include <memory>

#include <QAction>
#include <QApplication>
#include <QClipboard>
#include <QElapsedTimer>
#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QLineEdit>
#include <QMenu>
#include <QMessageBox>
#include <QPlainTextEdit>
#include <QProcess>
#include <QSignalSpy>
#include <QSpinBox>
#include <QTcpServer>
#include <QtTest>

#include "gui/application.h"
#include "gui/models/modelchooser.h"
#include "gui/serving/servedialog.h"
#include "gui/serving/servedrequestlist.h"
#include "gui/serving/serverprocess.h"
#include "gui/serving/servingaccess.h"
#include "gui/serving/servingcontrol.h"
#include "gui/serving/servingcost.h"
#include "gui/serving/servingkey.h"
#include "gui/serving/servingwords.h"
#include "gui/statusline.h"
#include "gui/widgets/button.h"
#include "gui/widgets/combobox.h"
#include "gui/widgets/disclosure.h"
#include "gui/widgets/elidedlabel.h"
#include "gui/widgets/toggleswitch.h"
#include "gui/windowkeeper.h"
#include "tests/support/httpclient.h"
#include "tests/support/modelfolder.h"
#include "tests/support/windowbench.h"

using namespace argali;
using namespace argali::gui;

namespace {

using State = ServerProcess::State;
using Trouble = ServerProcess::Trouble;

constexpr int longest = 60'000; // ms for a start, under sanitizers too
const QString program = QStringLiteral(ARGALI_CLI);
const QString key = QStringLiteral("key-of-the-test-0123456789");

LoadedModel pocket()
{
    LoadedModel model;
    model.info.parameters = 4'921'664;
    model.deviceId = model.askedDevice = QStringLiteral("cpu");
    model.dtype = DType::BF16;
    model.context = 2048;
    return model;
}

LoadedModel modelIn(const QString& folder)
{
    LoadedModel model = pocket();
    model.folder = folder;
    return model;
}

/// The small model with random weights, which never comes to an end of what asking() asks.
LoadedModel tiny()
{
    return modelIn(QStringLiteral(ARGALI_TEST_DATA "/ovis2_5-tiny"));
}

/// A question whose answer does not end.
QByteArray endless()
{
    return R"({"messages":[{"role":"user","content":"la la la la la la la la"}],)"
           R"("temperature":0,"max_tokens":39000,"stream":true})";
}

bool isGone(qint64 process)
{
    QFile status(QStringLiteral("/proc/%1/stat").arg(process));
    if (!status.open(QIODevice::ReadOnly))
        return true;
    const QByteArray line = status.readAll();
    return line.mid(line.lastIndexOf(')') + 2, 1) == "Z"; // nobody has asked for its status yet
}

QByteArray ofProcess(qint64 process, const char* what)
{
    QFile file(QStringLiteral("/proc/%1/%2").arg(process).arg(QLatin1String(what)));
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

QByteArray keyHeader(const QString& of = key)
{
    return "Authorization: Bearer " + of.toLatin1() + "\r\n";
}

/// A client that has asked.
std::unique_ptr<HttpClient> asking(const ServerProcess& server, const QByteArray& name)
{
    auto client = std::make_unique<HttpClient>(server.port());
    client->send(
        HttpClient::request("POST", "/v1/chat/completions", endless(),
                            keyHeader(server.options().key) + "User-Agent: " + name + "\r\n"));
    return client;
}

ServingOptions free(const QString& withKey = key)
{
    return {QStringLiteral("127.0.0.1"), 0, withKey};
}

/// Runs when this returns true.
bool starts(ServerProcess& server, const ServingOptions& options = free())
{
    server.start(tiny(), options);
    return QTest::qWaitFor([&] { return server.state() == State::Running; }, longest);
}

bool fails(ServerProcess& server, Trouble trouble)
{
    return QTest::qWaitFor([&] { return server.state() == State::Failed; }, longest) &&
           server.trouble() == trouble;
}

/// A kept window with a server.
struct Bench : WindowWorld {
    ServerProcess server{program};
    std::unique_ptr<WindowKeeper> keeper;

    Bench()
    {
        settings.set(settings::language, QStringLiteral("en"));
        WindowParts all = parts();
        all.server = &server;
        keeper = std::make_unique<WindowKeeper>(all);
        window().resize(1280, 800);
        window().showModel(tiny());
        window().show();
    }
    MainWindow& window() const { return keeper->window(); }
    ServingControl& serving() const { return *window().serving(); }
    ServeDialog& dialog() const
    {
        if (!serving().dialog() || !serving().dialog()->isVisible())
            serving().open();
        return *serving().dialog();
    }
    bool isServing() const
    {
        return QTest::qWaitFor([this] { return server.state() == State::Running; }, longest);
    }
};

/// Serves until it is killed, and says which process the server is. For a test of that.
int hold()
{
    ServerProcess server(program);
    QObject::connect(&server, &ServerProcess::changed, &server, [&server] {
        if (server.state() != State::Running)
            return;
        std::printf("%lld %d\n", static_cast<long long>(server.processId()), server.port());
        std::fflush(stdout);
    });
    server.start(tiny(), free());
    return QCoreApplication::exec();
}

} // namespace

class TestServing final : public QObject {
    Q_OBJECT
private slots:
    void servesTheModel()
    {
        ServerProcess server(program);
        QSignalSpy changed(&server, &ServerProcess::changed);
        QVERIFY(starts(server));
        QVERIFY(changed.count() >= 2);
        QVERIFY(server.port() > 0);
        QCOMPARE(servingUrl(server), QStringLiteral("http://127.0.0.1:%1").arg(server.port()));
        QCOMPARE(HttpClient(server.port()).get("/v1/models").status, 401);
        QCOMPARE(HttpClient(server.port()).get("/v1/models", keyHeader()).status, 200);
        const qint64 process = server.processId();
        QVERIFY(ofProcess(process, "cmdline").contains("--until-input-ends"));
        for (const char* what : {"cmdline", "environ"})
            QVERIFY(!ofProcess(process, what).contains("key-of-the-test"));
        QVERIFY(!server.log().join(QLatin1Char('\n')).contains(key));
        QVERIFY(server.log().join(QLatin1Char('\n')).contains(QStringLiteral("/v1/requests")));
        server.start(pocket(), free()); // it runs already
        QCOMPARE(server.processId(), process);
        server.stop();
        QCOMPARE(server.state(), State::Stopping);
        QTRY_COMPARE_WITH_TIMEOUT(server.state(), State::Off, longest);
        QVERIFY(isGone(process));
    }

    void listsRequestsAndStopsThem()
    {
        ServerProcess server(program);
        QVERIFY(starts(server));
        const auto first = asking(server, "first/1.0");
        QTRY_COMPARE_WITH_TIMEOUT(server.requests().size(), 1, longest);
        const auto second = asking(server, "second/1.0");
        QTRY_COMPARE_WITH_TIMEOUT(server.requests().size(), 2, longest);
        QTRY_COMPARE_WITH_TIMEOUT(server.requests()[0].state, ServedRequest::State::Answering,
                                  30'000);
        QCOMPARE(server.requests()[0].client, QStringLiteral("first/1.0"));
        QCOMPARE(server.requests()[1].state, ServedRequest::State::Waiting);
        QVERIFY(server.requests()[0].isLocal && server.requests()[0].promptTokens > 0);
        QTRY_VERIFY_WITH_TIMEOUT(
            server.requests()[0].tokens > 0 && server.requests()[0].seconds > 0, 30'000);
        server.stopRequest(QStringLiteral("no such one"));
        server.stopRequest(server.requests()[1].id);
        QCOMPARE(second->read().errorCode(), QStringLiteral("request_stopped"));
        QTRY_COMPARE_WITH_TIMEOUT(server.requests().size(), 1, 30'000);
        QCOMPARE(server.requests()[0].client, QStringLiteral("first/1.0"));
        server.stopRequest(server.requests()[0].id);
        QVERIFY(first->read().body.contains("request_stopped"));
        QTRY_COMPARE_WITH_TIMEOUT(server.requests().size(), 0, 30'000);
        QCOMPARE(server.state(), State::Running);
    }

    /// What is under way is finished first; who does not want to wait says so once more.
    void finishesWhatIsUnderWay()
    {
        ServerProcess server(program);
        QVERIFY(starts(server));
        const auto client = asking(server, "client");
        QTRY_COMPARE_WITH_TIMEOUT(server.requests().size(), 1, longest);
        server.stop();
        QCOMPARE(server.state(), State::Finishing);
        QTest::qWait(300);
        QCOMPARE(server.state(), State::Finishing);
        server.stop();
        QTRY_COMPARE_WITH_TIMEOUT(server.state(), State::Off, 10'000);
    }

    void saysThatThePortIsTaken()
    {
        QTcpServer other;
        QVERIFY(other.listen(QHostAddress::LocalHost));
        ServerProcess server(program);
        server.start(pocket(), {QStringLiteral("127.0.0.1"), other.serverPort(), {}});
        QVERIFY(fails(server, Trouble::PortTaken));
        QVERIFY(servingSentence(server).contains(QString::number(other.serverPort())));
        QVERIFY(server.details().contains(QStringLiteral("cannot listen")));
        QVERIFY(starts(server)); // at another one
        QCOMPARE(server.trouble(), Trouble::None);
    }

    void saysThatThereIsNoSuchAddress()
    {
        ServerProcess server(program);
        server.start(pocket(), {QStringLiteral("192.0.2.7"), 0, key}); // of documentation
        QVERIFY(fails(server, Trouble::NoAddress));
        QVERIFY(servingSentence(server).contains(QStringLiteral("192.0.2.7")));
    }

    void saysThatTheProgramIsMissing()
    {
        ServerProcess missing(QStringLiteral("/nowhere/argali-cli"));
        missing.start(pocket(), free());
        QVERIFY(fails(missing, Trouble::NoProgram));
        QVERIFY(missing.details().contains(QStringLiteral("/nowhere/argali-cli")));
        QVERIFY(!missing.isOn());
        missing.start(pocket(), free()); // once more
        QVERIFY(fails(missing, Trouble::NoProgram));
        ServerProcess wrong(QStringLiteral("/bin/true"));
        wrong.start(pocket(), free());
        QVERIFY(fails(wrong, Trouble::Other));
    }

    /// A program that neither speaks nor ends with its input.
    void canBeCancelledWhileItStarts()
    {
        QTemporaryDir folder;
        QFile script(folder.filePath(QStringLiteral("argali-cli")));
        QVERIFY(script.open(QIODevice::WriteOnly));
        script.write("#!/bin/sh\nexec sleep 1000\n");
        script.close();
        script.setPermissions(QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner);
        ServerProcess server(script.fileName());
        server.start(pocket(), free());
        QTest::qWait(300);
        QCOMPARE(server.state(), State::Starting);
        const qint64 process = server.processId();
        server.stop();
        QCOMPARE(server.state(), State::Stopping);
        QTRY_COMPARE_WITH_TIMEOUT(server.state(), State::Off, 10'000);
        QVERIFY(isGone(process));
    }

    void saysWhyTheModelDoesNotOpen()
    {
        argali::test::ModelFolder broken("ovis2_5-tiny");
        broken.truncate("tokenizer.json", 100);
        const QString folder = QString::fromStdString(broken.path());
        ServerProcess server(program);
        server.start(modelIn(folder), free());
        QVERIFY(fails(server, Trouble::BadModel));
        QTRY_VERIFY_WITH_TIMEOUT(!server.details().isEmpty(), 30'000);
        // One of which not even the description can be read.
        ServerProcess other(program);
        other.start(modelIn(QStringLiteral("/nowhere/Model-1B")), free());
        QVERIFY(fails(other, Trouble::Other));
        QVERIFY(other.details().contains(QStringLiteral("/nowhere/Model-1B")));
        QVERIFY(starts(server)); // though the one before may still be ending
    }

    void saysThatItDied()
    {
        ServerProcess server(program);
        QVERIFY(starts(server));
        const auto client = asking(server, "client");
        QTRY_COMPARE_WITH_TIMEOUT(server.requests().size(), 1, longest);
        ::kill(pid_t(server.processId()), SIGKILL);
        QVERIFY(fails(server, Trouble::Died));
        QVERIFY(server.requests().isEmpty());
        QVERIFY(server.details().contains(QLatin1Char('9')));
        QVERIFY(!server.log().isEmpty());
        QVERIFY(starts(server));
    }

    /// Whoever sends odd lines and never an end of one takes no more memory than a screen of text.
    void keepsLittleOfTheLog()
    {
        QTemporaryDir folder;
        QFile script(folder.filePath(QStringLiteral("argali-cli")));
        QVERIFY(script.open(QIODevice::WriteOnly));
        script.write("#!/bin/sh\nyes warning | head -n 5000 >&2\n"
                     "head -c 3000000 /dev/zero | tr '\\0' x >&2\necho >&2\n"
                     "echo 'serving at http://127.0.0.1:99999' >&2\nexit 1\n");
        script.close();
        script.setPermissions(QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner);
        ServerProcess server(script.fileName());
        server.start(pocket(), free());
        QVERIFY(fails(server, Trouble::Other));
        QCOMPARE(server.port(), 0);
        QVERIFY(server.log().size() <= ServerProcess::mostLines);
        for (const QString& line : server.log())
            QVERIFY(line.size() <= ServerProcess::longestLine);
    }

    void goesWithItsOwner()
    {
        qint64 process = 0;
        {
            ServerProcess server(program);
            QVERIFY(starts(server));
            const auto client = asking(server, "client");
            QVERIFY(client->more());
            process = server.processId();
        }
        QVERIFY(isGone(process));
    }

    void goesWithTheWindowThatIsKilled()
    {
        QProcess holder;
        holder.start(QCoreApplication::applicationFilePath(), {QStringLiteral("--hold")});
        QVERIFY(holder.waitForReadyRead(longest));
        const QList<QByteArray> said = holder.readLine().trimmed().split(' ');
        const qint64 process = said.first().toLongLong();
        QVERIFY(process > 0);
        QVERIFY(!isGone(process));
        HttpClient client(said.last().toInt());
        client.send(HttpClient::request("POST", "/v1/chat/completions", endless(), keyHeader()));
        QVERIFY(client.more()); // it is at an answer
        holder.kill();
        QVERIFY(holder.waitForFinished(longest));
        QTRY_VERIFY_WITH_TIMEOUT(isGone(process), 20'000);
    }

    void readsRepliesWithCare()
    {
        QVERIFY(!servedRequestsIn({}));
        QVERIFY(!servedRequestsIn("[]"));
        QVERIFY(!servedRequestsIn(R"({"data":{}})"));
        QVERIFY(!servedRequestsIn(QByteArray(100'000, '[')));
        QByteArray many = "{\"data\":[0,null,[],{},{\"id\":7},{\"id\":\"../models\"},{\"id\":\"\"}";
        for (int i = 0; i < 5000; ++i)
            many += ",{\"id\":\"" + QByteArray::number(i) + "\"}";
        const auto read = servedRequestsIn(many + "]}");
        QVERIFY(read.has_value());
        QCOMPARE(read->size(), mostServedRequests);
        QCOMPARE(read->first().id, QStringLiteral("0"));
        const auto odd = servedRequestsIn(
            R"({"data":[{"id":"1","client":")" + QByteArray(10'000, 'c') +
            R"(","state":7,"seconds":1e300,"tokens":-5,"prompt_tokens":"many","from":[]}]})");
        QCOMPARE(odd->size(), 1);
        QVERIFY(odd->first().client.size() <= 80);
        QCOMPARE(odd->first().state, ServedRequest::State::Waiting);
        QCOMPARE(odd->first().tokens, 0);
        QCOMPARE(odd->first().promptTokens, -1);
        QVERIFY(!progressOf(odd->first()).isEmpty());
        QVERIFY(!servedModelIn("{}"));
        QVERIFY(!servedModelIn(R"({"models":[7]})"));
        QCOMPARE(servedModelIn(R"({"models":[{"state":"loading","progress":7}]})")->progress, 1.0);
        QVERIFY(servedModelIn(R"({"models":[{"state":"loading"}]})")->progress < 0);
        QCOMPARE(servedModelIn(R"({"models":[{"state":"new"}]})")->kind,
                 ServedModelState::Kind::Loading);
    }

    void saysWhatItTakes()
    {
        const auto cost = servingCost(pocket());
        QVERIFY(cost.has_value());
        QCOMPARE(cost->whole,
                 qint64(estimateMemory(pocketFolder() / "model", DType::BF16, 2048).total));
        QVERIFY(cost->free > 0 && cost->least <= cost->whole);
        QVERIFY(!servingCost(modelIn(QStringLiteral("/nowhere"))));
        QCOMPARE((ServingCost{10, 5, 10}.room()), ServingCost::Room::Enough);
        QCOMPARE((ServingCost{10, 5, 9}.room()), ServingCost::Room::ForLess);
        QCOMPARE((ServingCost{10, 5, 4}.room()), ServingCost::Room::TooLittle);
        const QLocale before;
        QLocale::setDefault(QLocale(QLocale::English));
        const QString words = servingCostSentence({6'100'000'000, 5'200'000'000, 4'000'000'000});
        QLocale::setDefault(before);
        QVERIFY2(words.contains(QStringLiteral("5.2 GB")) &&
                     words.contains(QStringLiteral("4.0 GB")),
                 qPrintable(words));
        Bench bench;
        QTRY_VERIFY_WITH_TIMEOUT(!bench.dialog().costText().isEmpty(), 30'000);
    }

    void isOpenedFromTheMenuOfModels()
    {
        Bench bench;
        ModelChooser* chooser = bench.window().chooser();
        emit chooser->menu()->aboutToShow();
        QAction* serve = nullptr;
        for (QAction* action : chooser->menu()->actions())
            if (action->text().contains(QStringLiteral("Serve this model")))
                serve = action;
        QVERIFY(serve);
        serve->trigger();
        QVERIFY(bench.serving().dialog()->isVisible());
        QVERIFY(bench.serving().label()->isHidden()); // nothing is served yet
    }

    void demandsAKeyOfOthers()
    {
        Bench bench;
        ServeDialog& dialog = bench.dialog();
        QCOMPARE(dialog.address()->currentData().toString(), QStringLiteral("127.0.0.1"));
        QCOMPARE(dialog.port()->value(), 8000);
        QVERIFY(dialog.startButton()->isEnabled());
        QVERIFY(dialog.addressNote().isEmpty());
        dialog.keySwitch()->setChecked(false);
        QVERIFY(dialog.key()->isHidden());
        dialog.address()->setCurrentIndex(dialog.address()->findData(QStringLiteral("0.0.0.0")));
        QVERIFY(dialog.key()->isVisible()); // though none was wanted
        QVERIFY(dialog.keySwitch()->isHidden());
        QVERIFY(!dialog.addressNote().isEmpty());
        for (const char* bad : {"", "short", "with a blank in it, and long", "schlüssel-schlüssel-",
                                "line\nline-line-line-line"}) {
            dialog.key()->setKey(QString::fromUtf8(bad));
            if (dialog.key()->key() != QString::fromUtf8(bad))
                continue; // the field does not take it
            QVERIFY2(!dialog.startButton()->isEnabled(), bad);
            QVERIFY(!dialog.key()->trouble().isEmpty());
        }
        QTest::keyClick(&dialog, Qt::Key_Return);
        QCOMPARE(bench.server.state(), State::Off);
        dialog.key()->newButton()->click();
        QVERIFY(dialog.startButton()->isEnabled());
        dialog.port()->setValue(0);
        dialog.startButton()->click();
        QVERIFY(bench.isServing());
        QCOMPARE(bench.server.options().key, dialog.key()->key());
        QCOMPARE(HttpClient(bench.server.port()).get("/v1/models").status, 401);
        QCOMPARE(HttpClient(bench.server.port())
                     .get("/v1/models", keyHeader(dialog.key()->key()))
                     .status,
                 200);
        QVERIFY(!servingUrl(bench.server).contains(QStringLiteral("0.0.0.0")));
    }

    void hidesShowsAndCopiesTheKey()
    {
        ServingKey key;
        ServingKey other;
        QVERIFY(key.key().size() >= 32 && key.trouble().isEmpty());
        QVERIFY(key.key() != other.key());
        QCOMPARE(key.field()->echoMode(), QLineEdit::Password);
        key.showButton()->click();
        QCOMPARE(key.field()->echoMode(), QLineEdit::Normal);
        const QString before = key.key();
        key.newButton()->click();
        QVERIFY(key.key() != before && key.trouble().isEmpty());
        key.copyButton()->click();
        QCOMPARE(QGuiApplication::clipboard()->text(), key.key());
        const QString copied = key.copyButton()->text();
        QTRY_VERIFY_WITH_TIMEOUT(key.copyButton()->text() != copied,
                                 30'000); // "Copied" for a moment
        key.setFixed(true);
        QVERIFY(key.field()->isReadOnly() && !key.newButton()->isEnabled());
        key.copyButton()->click();
        QCOMPARE(QGuiApplication::clipboard()->text(), key.key());
    }

    void showsHowItStands()
    {
        Bench bench;
        ServeDialog& dialog = bench.dialog();
        QVERIFY(QTest::qWaitForWindowExposed(&dialog));
        QCOMPARE(dialog.stateText(), servingSentence(bench.server));
        QVERIFY(dialog.access()->isHidden() && dialog.stopButton()->isHidden());
        dialog.port()->setValue(0);
        QCOMPARE(dialog.focusWidget(), dialog.startButton());
        QTest::keyClick(dialog.port(), Qt::Key_Return);
        QCOMPARE(bench.server.state(), State::Starting);
        QCOMPARE(dialog.focusWidget(), dialog.stopButton());
        QVERIFY(dialog.stopButton()->isVisible() && dialog.startButton()->isHidden());
        QVERIFY(!dialog.address()->isEnabled() && !dialog.port()->isEnabled());
        QVERIFY(bench.isServing());
        const QString url = servingUrl(bench.server);
        QVERIFY2(dialog.stateText().contains(url), qPrintable(dialog.stateText()));
        QVERIFY(dialog.access()->isVisible());
        QCOMPARE(dialog.access()->url()->text(), url + QStringLiteral("/v1"));
        const QString example = dialog.access()->example()->toPlainText();
        QVERIFY(example.contains(url) && example.contains(QStringLiteral("$ARGALI_API_KEY")));
        QVERIFY(!example.contains(dialog.key()->key()));
        dialog.access()->copyExample()->click();
        QCOMPARE(QGuiApplication::clipboard()->text(), example);
        dialog.access()->copyUrl()->click();
        QCOMPARE(QGuiApplication::clipboard()->text(), url + QStringLiteral("/v1"));
        QVERIFY(dialog.logText()->toPlainText().contains(QStringLiteral("serving at")));
        QVERIFY(!dialog.requests()->emptyWords().isEmpty());

        // Esc closes the dialog, and the line at the bottom says that it goes on.
        QTest::keyClick(&dialog, Qt::Key_Escape);
        QVERIFY(!dialog.isVisible());
        QCOMPARE(bench.server.state(), State::Running);
        QVERIFY(bench.serving().label()->isVisible());
        QCOMPARE(bench.serving().label()->text(), shortServingSentence(bench.server));
        bench.serving().label()->click();
        QVERIFY(dialog.isVisible());
        dialog.stopButton()->click();
        QTRY_COMPARE_WITH_TIMEOUT(bench.server.state(), State::Off, longest);
        QVERIFY(bench.serving().label()->isHidden());
        QVERIFY(dialog.startButton()->isVisible() && dialog.startButton()->isEnabled());
        // As it was served it is offered the next time, but for the key.
        QCOMPARE(bench.settings.value(Setting<int>{"serve/port", 1, 0, 65535}), 0);
        QFile file(bench.settings.fileName());
        bench.settings.sync();
        QVERIFY(file.open(QIODevice::ReadOnly));
        QVERIFY(!file.readAll().contains(dialog.key()->key().toLatin1()));
    }

    void showsWhatIsWrong()
    {
        QTcpServer other;
        QVERIFY(other.listen(QHostAddress::LocalHost));
        Bench bench;
        ServeDialog& dialog = bench.dialog();
        dialog.port()->setValue(other.serverPort());
        dialog.startButton()->click();
        QVERIFY(fails(bench.server, Trouble::PortTaken));
        QVERIFY(dialog.stateText().contains(QString::number(other.serverPort())));
        QVERIFY(dialog.logPart()->isOpen());
        QVERIFY(dialog.port()->isEnabled() && dialog.startButton()->isEnabled());
        QVERIFY(bench.serving().label()->isVisible());
        bench.window().showModel(std::nullopt);
        QVERIFY(!dialog.startButton()->isEnabled()); // there is nothing to serve
    }

    void listsWhoAsks()
    {
        Bench bench;
        ServeDialog& dialog = bench.dialog();
        dialog.port()->setValue(0);
        dialog.startButton()->click();
        QVERIFY(bench.isServing());
        const auto first = asking(bench.server, "first/1.0");
        QTRY_COMPARE_WITH_TIMEOUT(bench.server.requests().size(), 1, longest);
        const auto second = asking(bench.server, "second/1.0");
        QTRY_COMPARE_WITH_TIMEOUT(dialog.requests()->rows().size(), 2, longest);
        const auto rows = dialog.requests()->rows();
        QVERIFY(dialog.requests()->emptyWords().isEmpty());
        QVERIFY(rows[0].asker->text().contains(QStringLiteral("first/1.0")));
        QVERIFY(rows[0].stop->accessibleName().contains(QStringLiteral("first/1.0")));
        const QString before = rows[0].progress->text();
        QTRY_VERIFY_WITH_TIMEOUT(dialog.requests()->rows()[0].progress->text() != before, longest);
        QVERIFY(bench.serving().label()->text().contains(QLatin1Char('2')));
        // The keyboard stops one, and goes to the next.
        rows[0].stop->setFocus();
        QTest::keyClick(rows[0].stop, Qt::Key_Space);
        QTRY_COMPARE_WITH_TIMEOUT(dialog.requests()->rows().size(), 1, longest);
        QCOMPARE(dialog.focusWidget(), dialog.requests()->rows()[0].stop);
        QVERIFY(dialog.requests()->rows()[0].asker->text().contains(QStringLiteral("second/1.0")));
        QVERIFY(first->read().body.contains("request_stopped"));
    }

    void keepsTheFocusWhileOthersComeAndGo()
    {
        ServedRequestList list;
        list.show();
        ServedRequest one;
        one.id = QStringLiteral("1");
        ServedRequest two = one;
        two.id = QStringLiteral("2");
        two.client = QStringLiteral("<b>bold</b>");
        list.setRequests({one, two});
        Button* const stop = list.rows()[1].stop;
        stop->setFocus();
        two.tokens = 7;
        list.setRequests({two});
        QCOMPARE(list.rows().size(), 1);
        QCOMPARE(list.rows()[0].stop, stop);
        QCOMPARE(list.focusWidget(), stop);
        QCOMPARE(list.rows()[0].asker->textFormat(), Qt::PlainText);
        QVERIFY(!stop->toolTip().contains(QStringLiteral("<b>")));
        QSignalSpy asked(&list, &ServedRequestList::stopRequested);
        stop->click();
        QCOMPARE(asked.first().first().toString(), two.id);
    }

    void everythingHasAName()
    {
        Bench bench;
        ServeDialog& dialog = bench.dialog();
        dialog.port()->setValue(0);
        dialog.startButton()->click();
        QVERIFY(bench.isServing());
        const auto client = asking(bench.server, "client");
        QTRY_COMPARE_WITH_TIMEOUT(dialog.requests()->rows().size(), 1, longest);
        dialog.logPart()->setOpen(true);
        dialog.access()->examplePart()->setOpen(true);
        QSet<QString> names;
        for (QWidget* each : dialog.findChildren<QWidget*>()) {
            if (!(each->focusPolicy() & Qt::TabFocus) || !each->isVisibleTo(&dialog) ||
                each->focusProxy())
                continue;
            QAccessibleInterface* face = QAccessible::queryAccessibleInterface(each);
            const QString name = face ? face->text(QAccessible::Name) : QString();
            QVERIFY2(!name.isEmpty(), each->metaObject()->className());
            if (qobject_cast<QAbstractButton*>(each)) {
                QVERIFY2(!names.contains(name), qPrintable(name)); // two "Copy" say nothing
                names.insert(name);
            }
        }
        // Tab reaches every part of it, from the first to the last button.
        QSet<QWidget*> reached;
        dialog.address()->setFocus();
        for (int i = 0; i < 40; ++i) {
            QTest::keyClick(dialog.focusWidget(), Qt::Key_Tab);
            reached.insert(dialog.focusWidget());
        }
        QVERIFY(reached.contains(dialog.stopButton()));
        QVERIFY(reached.contains(dialog.requests()->rows()[0].stop));
        QVERIFY(reached.contains(dialog.key()->copyButton()));
        QVERIFY(reached.contains(dialog.access()->copyExample()));
    }

    void anotherLanguageKeepsIt()
    {
        Bench bench;
        bench.dialog().port()->setValue(0);
        bench.dialog().key()->setKey(key);
        bench.dialog().startButton()->click();
        QVERIFY(bench.isServing());
        bench.dialog().logPart()->setOpen(true);
        const int port = bench.server.port();
        QPointer<ServeDialog> old = &bench.dialog();
        QSignalSpy replaced(bench.keeper.get(), &WindowKeeper::replaced);
        bench.settings.set(settings::language, QStringLiteral("zh_CN"));
        QTRY_COMPARE_WITH_TIMEOUT(replaced.count(), 1, 30'000);
        QVERIFY(!old);
        ServeDialog* dialog = bench.serving().dialog();
        QVERIFY(dialog && dialog->isVisible());
        QCOMPARE(dialog->key()->key(), key);
        QCOMPARE(dialog->port()->value(), 0);
        QVERIFY(dialog->logPart()->isOpen());
        QCOMPARE(dialog->access()->url()->text(),
                 QStringLiteral("http://127.0.0.1:%1/v1").arg(port));
        QCOMPARE(bench.server.state(), State::Running);
        QVERIFY(bench.serving().label()->isVisible());
    }

    void whatIsTypedStaysToo()
    {
        Bench bench;
        bench.dialog().port()->setValue(4321);
        bench.dialog().address()->setCurrentIndex(1);
        bench.dialog().key()->setKey(key);
        bench.dialog().close();
        QSignalSpy replaced(bench.keeper.get(), &WindowKeeper::replaced);
        bench.settings.set(settings::language, QStringLiteral("zh_CN"));
        QTRY_COMPARE_WITH_TIMEOUT(replaced.count(), 1, 30'000);
        QVERIFY(bench.serving().dialog() && !bench.serving().dialog()->isVisible());
        QCOMPARE(bench.dialog().port()->value(), 4321);
        QCOMPARE(bench.dialog().address()->currentIndex(), 1);
        QCOMPARE(bench.dialog().key()->key(), key);
    }

    void asksBeforeOthersAreCutOff()
    {
        Bench bench;
        QVERIFY(starts(bench.server));
        QVERIFY(bench.window().close()); // nobody is answered
        bench.window().show();
        const auto client = asking(bench.server, "client");
        QTRY_COMPARE_WITH_TIMEOUT(bench.server.requests().size(), 1, longest);
        QVERIFY(!bench.window().close());
        QVERIFY(bench.window().isVisible());
        QVERIFY(bench.serving().question() && bench.serving().question()->isVisible());
        QVERIFY(!bench.window().close()); // one question is enough
        bench.serving().question()->reject();
        QTRY_VERIFY_WITH_TIMEOUT(!bench.serving().question(), 30'000);
        QVERIFY(bench.window().isVisible());
        QCOMPARE(bench.server.state(), State::Running);
        QVERIFY(!bench.window().close());
        for (QAbstractButton* button : bench.serving().question()->buttons())
            if (bench.serving().question()->buttonRole(button) == QMessageBox::AcceptRole)
                button->click();
        QTRY_VERIFY_WITH_TIMEOUT(!bench.window().isVisible(), 30'000);
    }

    void theProgramHasIt()
    {
        QTemporaryDir dir;
        Application application({Places::under(dir.path()), {}, StartupTrace(false)});
        QVERIFY(application.window().serving());
        QVERIFY(QFileInfo(ServerProcess::usualProgram()).isExecutable());
        QSignalSpy ready(&application, &Application::modelReady);
        application.start();
        QVERIFY(!ready.isEmpty() || ready.wait(longest));
        application.window().serving()->open();
        ServeDialog* dialog = application.window().serving()->dialog();
        QVERIFY(dialog->startButton()->isEnabled());
        dialog->port()->setValue(0);
        dialog->startButton()->click();
        QTRY_COMPARE_WITH_TIMEOUT(application.server().state(), State::Running, longest);
    }
};

int main(int argc, char** argv)
{
    TranscriptView::prepare();
    if (argc == 2 && qstrcmp(argv[1], "--hold") == 0) {
        QCoreApplication application(argc, argv);
        return hold();
    }
    // As slow as it goes, so that what is under way can be looked at.
    qputenv("ARGALI_ISA", "scalar");
    qputenv("ARGALI_THREADS", "1");
    QApplication application(argc, argv);
    QApplication::setQuitOnLastWindowClosed(false);
    TestServing test;
    return QTest::qExec(&test, argc, argv);
}
#include "tst_serving.moc"
