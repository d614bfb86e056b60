#include "gui/shotstates.h"

#include <QPlainTextEdit>
#include <QTcpServer>
#include <QTcpSocket>

#include "gui/models/modelchooser.h"
#include "gui/remote/comparison.h"
#include "gui/remote/profilestore.h"
#include "gui/settings/abilitylist.h"
#include "gui/settings/serverform.h"
#include "gui/settings/serverspage.h"
#include "gui/settings/settingsdialog.h"
#include "gui/widgets/button.h"
#include "gui/widgets/combobox.h"
#include "gui/widgets/disclosure.h"

namespace argali::gui {
namespace {

const QString ovis = QStringLiteral("AIDC-AI/Ovis2.5-9B");

QByteArray listing(const QByteArray& models)
{
    return R"({"data":[)" + models + R"(],"version":"0.11.0"})";
}

QByteArray listed(const QByteArray& id)
{
    return R"({"id":")" + id + R"(","owned_by":"vllm"})";
}

ConnectionProfile profileOf(const QString& id, const QString& name, const QString& url)
{
    ConnectionProfile profile;
    profile.id = id;
    profile.name = name;
    profile.url = url;
    profile.proxy.kind = ProxyChoice::Kind::None;
    return profile;
}

/// A server that is chosen, and says this when it is looked at.
void choose(Stage& s, const ConnectionProfile& profile, const QString& model = ovis)
{
    s.window->showModel(s.pocket());
    s.servers.store().put(profile);
    s.choice.choose({profile.id, model});
}

void chooseAnswering(Stage& s, const QByteArray& body, const QByteArray& status = "200 OK")
{
    choose(s, profileOf(QStringLiteral("rack"), s.text("The rack", "机房"),
                        pictureServer(&s.settings, body, status)));
}

void showConnected(Stage& s)
{
    chooseAnswering(s, listing(listed(ovis.toLatin1())));
    s.composer().attach(s.sample("chart.png"));
}

void chooseBlind(Stage& s)
{
    ConnectionProfile rack =
        profileOf(QStringLiteral("rack"), s.text("The rack", "机房"),
                  pictureServer(&s.settings, listing(listed("Qwen3-8B")), "200 OK"));
    rack.models[QStringLiteral("Qwen3-8B")].seesPictures = remote::Known::No;
    choose(s, rack, QStringLiteral("Qwen3-8B"));
}

/// The model here is asked about a picture, then one that sees none is chosen.
void warnOfSwitch(Stage& s)
{
    s.window->showModel(s.pocket());
    s.composer().attach(s.sample("chart.png"));
    QTimer::singleShot(900, s.window.get(), [&s] { chooseBlind(s); });
}

void refuse(Stage& s)
{
    choose(s, profileOf(QStringLiteral("desk"), s.text("The desk", "台式机"),
                        QStringLiteral("http://127.0.0.1:1"))); // where nothing listens
}

void wantKey(Stage& s, bool hasWrongOne)
{
    ConnectionProfile rack = profileOf(
        QStringLiteral("rack"), s.text("The rack", "机房"),
        pictureServer(&s.settings, R"({"error":{"message":"invalid key"}})", "401 Unauthorized"));
    rack.hasKey = true;
    if (hasWrongOne)
        s.keys.write(rack.id, remote::Secret("shown to nobody"), &s.settings, [](const auto&) {});
    choose(s, rack);
}

/// Two that answer for each other, and one alone.
void putGroup(Stage& s)
{
    const QByteArray ovisOnly = listing(listed(ovis.toLatin1()));
    ConnectionProfile rack = profileOf(QStringLiteral("rack"), s.text("The rack", "机房"),
                                       pictureServer(&s.settings, ovisOnly));
    rack.group = s.text("Vision", "视觉");
    ConnectionProfile spare =
        profileOf(QStringLiteral("spare"), s.text("Behind the door", "门后"),
                  pictureServer(&s.settings, listing(listed(ovis.toLatin1()) + "," +
                                                     listed("OpenGVLab/InternVL2-8B"))));
    spare.group = rack.group;
    const ConnectionProfile desk = profileOf(QStringLiteral("desk"), QStringLiteral("Ollama"),
                                             QStringLiteral("http://127.0.0.1:1"));
    for (const ConnectionProfile& profile : {rack, spare, desk})
        s.servers.store().put(profile);
}

ServersPage* openPage(Stage& s)
{
    s.window->showModel(s.pocket());
    s.window->openSettings(QStringLiteral("servers"));
    s.window->settingsDialog()->resize(860, 720);
    return qobject_cast<ServersPage*>(
        s.window->settingsDialog()->pageWidget(QStringLiteral("servers")));
}

/// What its models can, with the answer of one of them.
void askModel(Stage& s)
{
    putGroup(s);
    ServersPage* page = openPage(s);
    QTimer::singleShot(900, page, [page] {
        page->edit(QStringLiteral("spare"));
        page->form()->more()->setOpen(false);
        page->form()->abilitiesPart()->setOpen(true);
        page->form()->abilities()->askButton()->click();
    });
}

void editMember(Stage& s)
{
    putGroup(s);
    openPage(s)->edit(QStringLiteral("spare"));
}

void compare(Stage& s)
{
    putGroup(s);
    s.window->showModel(s.pocket());
    s.composer().edit()->setPlainText(
        s.text("What is a derivative, in one sentence?", "用一句话说明什么是导数。"));
    QTimer::singleShot(900, s.window.get(), [&s] {
        emit s.window->chooser()->comparisonRequested();
        Comparison* dialog = s.window->comparison();
        dialog->choice(0)->setCurrentIndex(1);
        dialog->choice(1)->setCurrentIndex(2);
        dialog->ask();
    });
}

} // namespace

QString pictureServer(QObject* parent, const QByteArray& body, const QByteArray& status)
{
    auto* server = new QTcpServer(parent);
    server->listen(QHostAddress::LocalHost);
    QObject::connect(server, &QTcpServer::newConnection, server, [server, body, status] {
        QTcpSocket* socket = server->nextPendingConnection();
        QObject::connect(socket, &QTcpSocket::readyRead, socket, [socket, body, status] {
            const QByteArray asked = socket->readAll();
            if (asked.startsWith("GET"))
                socket->write("HTTP/1.1 " + status +
                              "\r\nContent-Type: application/json\r\nContent-Length: " +
                              QByteArray::number(body.size()) + "\r\n\r\n" + body);
            else if (asked.startsWith("POST")) {
                socket->write("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
                              "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":"
                              "\"$f'(x) = \\\\lim_{h \\\\to 0} \\\\frac{f(x+h) - f(x)}{h}$\"},"
                              "\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n");
                socket->disconnectFromHost();
            }
        });
    });
    return QStringLiteral("http://127.0.0.1:%1").arg(server->serverPort());
}

std::vector<Shot> remoteShots()
{
    return {
        {"server-connected", 3200, showConnected, true},
        {"server-no-sight", 3200, chooseBlind},
        {"server-starting", 3200,
         [](Stage& s) {
             chooseAnswering(s, R"({"error":{"code":503,"message":"Loading model"}})",
                             "503 Service Unavailable");
         }},
        {"server-refused", 3200, refuse},
        {"server-wrong-key", 3200, [](Stage& s) { wantKey(s, true); }},
        {"server-key", 1500, [](Stage& s) { wantKey(s, false); }, true},
        {"server-switch", 3600, warnOfSwitch},
        {"server-menu", 1500,
         [](Stage& s) {
             putGroup(s);
             s.window->showModel(s.pocket());
             QTimer::singleShot(900, s.window.get(), [&s] { s.window->chooser()->showMenu(); });
         }},
        {"server-group", 1800,
         [](Stage& s) {
             putGroup(s);
             openPage(s);
         },
         true},
        {"server-form", 1800, editMember, true},
        {"server-models", 2400, askModel},
        {"comparison", 3600, compare, true},
    };
}

} // namespace argali::gui
