#include "gui/shotstates.h"

#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QSpinBox>
#include <QTcpServer>
#include <QTcpSocket>

#include "gui/serving/servedialog.h"
#include "gui/serving/serverprocess.h"
#include "gui/widgets/button.h"

namespace argali::gui {
namespace {

/// What stands for argali-cli in a picture: it says that it listens there, or why it does not.
QString pictureProgram(const Stage& s, const QString& words)
{
    const QString path =
        QFileInfo(s.places.draftFile).absoluteDir().filePath(QStringLiteral("argali-cli"));
    QFile file(path);
    if (file.open(QIODevice::WriteOnly))
        file.write("#!/bin/sh\n" + words.toUtf8());
    file.close();
    file.setPermissions(QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner);
    return path;
}

/// Replies of a server that is at three requests.
QByteArray replyTo(const QByteArray& request)
{
    if (request.startsWith("GET /health"))
        return R"({"models":[{"state":"loaded"}]})";
    return R"({"data":[
        {"id":"7","client":"OpenAI/Python","from":"remote","state":"thinking","seconds":74,
         "prompt_tokens":1604,"tokens":318},
        {"id":"8","client":"curl/7.88.1","from":"local","state":"waiting","seconds":12},
        {"id":"9","client":null,"from":"remote","state":"waiting","seconds":3}]})";
}

int pictureServer(QObject* parent)
{
    auto* server = new QTcpServer(parent);
    server->listen(QHostAddress::LocalHost);
    QObject::connect(server, &QTcpServer::newConnection, server, [server] {
        QTcpSocket* socket = server->nextPendingConnection();
        QObject::connect(socket, &QTcpSocket::readyRead, socket, [socket] {
            const QByteArray body = replyTo(socket->readAll());
            socket->write("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " +
                          QByteArray::number(body.size()) + "\r\n\r\n" + body);
        });
    });
    return server->serverPort();
}

ServeDialog* openDialog(Stage& s, const QString& program)
{
    s.window->showModel(s.large());
    auto* server = new ServerProcess(program, s.window.get());
    auto* dialog = new ServeDialog(*server, s.settings, s.window.get());
    dialog->setModel(s.large(), false);
    dialog->show();
    return dialog;
}

void offer(Stage& s)
{
    ServeDialog* dialog = openDialog(s, {});
    QTimer::singleShot(600, dialog, [dialog] { // after the engine has said that it is not there
        dialog->setCost(ServingCost{6'100'000'000, 5'400'000'000, 14'200'000'000});
    });
}

void serve(Stage& s)
{
    const QString words =
        QStringLiteral("echo 'serving at http://127.0.0.1:%1, with an API key' >&2\nexec cat\n");
    openDialog(s, pictureProgram(s, words.arg(pictureServer(&s.settings))))->startButton()->click();
}

void failToServe(Stage& s)
{
    ServeDialog* dialog = openDialog(
        s, pictureProgram(s, QStringLiteral("echo 'argali-cli serve: cannot listen at 127.0.0.1 "
                                            "port 8000: Address already in use; another program "
                                            "may use this port, choose one with --port' >&2\n"
                                            "exit 1\n")));
    QTimer::singleShot(600, dialog, [dialog] {
        dialog->setCost(ServingCost{18'400'000'000, 17'900'000'000, 9'300'000'000});
        dialog->startButton()->click();
    });
}

} // namespace

std::vector<Shot> servingShots()
{
    return {{"serve", 1500, offer, true},
            {"serving", 3200, serve, true},
            {"serve-failed", 2200, failToServe}};
}

} // namespace argali::gui
