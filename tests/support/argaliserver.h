#pragma once

// argali-cli serve as a program, and how it is asked.

#include <QFile>
#include <QJsonArray>
#include <QProcess>
#include <QTemporaryDir>
#include <QTest>

#include "tests/support/argalicli.h"
#include "tests/support/httpclient.h"

namespace argali::test {

inline const QString pocket = QStringLiteral(ARGALI_RESOURCES) + "/pocket/model";

/// argali-cli serve on a free port.
class ArgaliServer final {
public:
    /// firstLine: what it reads at its standard input, which stays open
    explicit ArgaliServer(const QStringList& words = {}, const QStringList& environment = {},
                          const QByteArray& firstLine = {})
    {
        m_process.setEnvironment(QProcess::systemEnvironment() + environment +
                                 QStringList{"TMPDIR=" + m_folder.path()});
        QStringList all = QStringList{"serve"} + words;
        if (!all.contains("--port"))
            all += {"--port", "0"};
        m_process.start(ARGALI_CLI, all);
        m_process.write(firstLine);
        m_process.setReadChannel(QProcess::StandardError);
        while (!m_said.contains("POST / ") && m_process.waitForReadyRead(patience))
            m_said += m_process.readAllStandardError();
        const QByteArray mark = "http://127.0.0.1:";
        m_port = m_said.mid(m_said.indexOf(mark) + mark.size())
                     .split('\n')
                     .front()
                     .split(',')
                     .front()
                     .toInt();
    }
    ~ArgaliServer()
    {
        m_process.kill();
        m_process.waitForFinished(patience);
    }
    int port() const { return m_port; }
    QProcess& process() { return m_process; }
    const QByteArray& said() const { return m_said; }
    QString temporary() const { return m_folder.path(); }
    HttpClient::Answer ask(const QJsonObject& body,
                           const QByteArray& path = "/v1/chat/completions") const
    {
        return HttpClient(m_port).post(path, body);
    }
    bool isReady() const
    {
        for (int i = 0; i < 600; ++i) {
            if (HttpClient(m_port).get("/health").status == 200)
                return true;
            QTest::qWait(50);
        }
        return false;
    }

private:
    QTemporaryDir m_folder;
    QProcess m_process;
    QByteArray m_said;
    int m_port = 0;
};

inline QString dataUrl(const QString& file)
{
    QFile picture(file);
    if (!picture.open(QIODevice::ReadOnly))
        qFatal("no test picture");
    return "data:application/octet-stream;base64," +
           QString::fromLatin1(picture.readAll().toBase64());
}

inline QJsonObject textPart(const QString& text)
{
    return {{"type", "text"}, {"text", text}};
}

inline QJsonObject mediaPart(const char* type, const QString& file)
{
    return {{"type", type}, {type, QJsonObject{{"url", dataUrl(file)}}}};
}

inline QJsonObject question(const QJsonValue& content, int tokens = 48)
{
    return {{"messages", QJsonArray{QJsonObject{{"role", "user"}, {"content", content}}}},
            {"temperature", 0},
            {"max_tokens", tokens}};
}

inline QJsonObject choice(const HttpClient::Answer& answer)
{
    return answer.json()["choices"].toArray().at(0).toObject();
}

inline QString textOf(const HttpClient::Answer& answer)
{
    return choice(answer)["message"].toObject()["content"].toString();
}

/// What a stream says, put together.
struct Stream {
    QString text, thinking, finish;
    QJsonObject usage, error;
    int pieces = 0;
    bool done = false;

    explicit Stream(const QByteArray& body)
    {
        for (const QByteArray& event : body.split('\n')) {
            if (!event.startsWith("data: "))
                continue;
            if (event == "data: [DONE]") {
                done = true;
                continue;
            }
            const QJsonObject chunk = QJsonDocument::fromJson(event.mid(6)).object();
            if (chunk.contains("usage"))
                usage = chunk["usage"].toObject();
            if (chunk.contains("error"))
                error = chunk["error"].toObject();
            const QJsonObject first = chunk["choices"].toArray().at(0).toObject();
            const QJsonObject delta = first["delta"].toObject();
            text += delta["content"].toString() + first["text"].toString();
            thinking += delta["reasoning_content"].toString();
            if (first["finish_reason"].isString())
                finish = first["finish_reason"].toString();
            ++pieces;
        }
    }
};

} // namespace argali::test
