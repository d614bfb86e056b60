#include "gui/shots.h"

#include <cstdio>
#include <memory>
#include <vector>

#include <QApplication>
#include <QDialog>
#include <QDir>
#include <QFontDatabase>
#include <QMenu>
#include <QPainter>
#include <QProcess>
#include <QTemporaryDir>
#include <QTimer>

#include "gui/models/adaptercontrol.h"
#include "gui/models/modelchooser.h"
#include "gui/shotstates.h"

namespace argali::gui {
namespace {

/// Draws one state after another, each in a window of its own.
class Painter final : public QObject {
public:
    Painter(const QString& folder) : m_folder(folder)
    {
        std::vector<Shot> states = shotStates();
        for (auto more : {settingsShots, remoteShots, servingShots, modelShots})
            for (Shot& shot : more())
                states.push_back(std::move(shot));
        for (const bool dark : {false, true}) {
            for (const bool zh : {false, true}) {
                for (const Shot& shot : states)
                    m_jobs.push_back({shot, dark, zh});
            }
        }
        const qreal ratio = qApp->devicePixelRatio();
        if (ratio > 1) {
            m_suffix = QStringLiteral("-%1").arg(qRound(ratio * 100));
            std::erase_if(m_jobs, [](const Job& job) { return !job.shot.alsoScaled; });
        }
        const QByteArray only =
            qgetenv("ARGALI_SHOTS"); // one state, to look at while working on it
        if (!only.isEmpty())
            std::erase_if(m_jobs,
                          [&](const Job& job) { return QByteArray(job.shot.name) != only; });
    }
    void next()
    {
        m_stage.reset();
        m_language.reset();
        if (m_at == m_jobs.size()) {
            scaled();
            return;
        }
        const Job& job = m_jobs[m_at++];
        m_places = std::make_unique<QTemporaryDir>();
        m_language =
            std::make_unique<Language>(job.zh ? QStringLiteral("zh_CN") : QStringLiteral("en"));
        m_stage = std::make_unique<Stage>(m_places->path(), job.dark, job.zh);
        m_stage->window->show();
        job.shot.set(*m_stage);
        QTimer::singleShot(job.shot.wait, this, [this, &job] { draw(job); });
    }

private:
    struct Job {
        Shot shot;
        bool dark;
        bool zh;
    };

    void draw(const Job& job)
    {
        QPixmap picture = m_stage->window->grab();
        if (QMenu* menu = m_stage->window->chooser()->menu(); menu->isVisible()) {
            QPainter painter(&picture);
            painter.drawPixmap(m_stage->window->mapFromGlobal(menu->pos()), menu->grab());
            if (QMenu* adapters = m_stage->window->adapters()->menu(); adapters->isVisible())
                painter.drawPixmap(m_stage->window->mapFromGlobal(adapters->pos()),
                                   adapters->grab());
            menu->hide();
        }
        for (QDialog* dialog : m_stage->window->findChildren<QDialog*>()) {
            if (!dialog->isVisible())
                continue;
            QPainter painter(&picture);
            QRect place(QPoint(0, 0), dialog->size());
            place.moveCenter(m_stage->window->rect().center());
            painter.drawPixmap(place.topLeft(), dialog->grab());
        }
        const QString name = QStringLiteral("%1-%2%3%4.png")
                                 .arg(QLatin1String(job.shot.name),
                                      job.dark ? QStringLiteral("dark") : QStringLiteral("light"),
                                      job.zh ? QStringLiteral("-zh") : QString(), m_suffix);
        if (!picture.save(QDir(m_folder).filePath(name))) {
            std::fprintf(stderr, "argali: %s cannot be written\n",
                         qPrintable(QDir(m_folder).filePath(name)));
            QApplication::exit(1);
            return;
        }
        std::printf("%s\n", qPrintable(name));
        std::fflush(stdout);
        next();
    }

    /// Some states once more at 200 %, which a program can only be started with.
    void scaled()
    {
        if (qEnvironmentVariableIsSet("QT_SCALE_FACTOR")) {
            QApplication::exit(0);
            return;
        }
        auto* child = new QProcess(this);
        QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
        environment.insert(QStringLiteral("QT_SCALE_FACTOR"), QStringLiteral("2"));
        child->setProcessEnvironment(environment);
        child->setProcessChannelMode(QProcess::ForwardedChannels);
        connect(child, &QProcess::finished, this, [](int status) { QApplication::exit(status); });
        connect(child, &QProcess::errorOccurred, this, [] { QApplication::exit(1); });
        child->start(QApplication::applicationFilePath(), {QStringLiteral("--shots"), m_folder});
    }

    const QString m_folder;
    QString m_suffix;
    std::vector<Job> m_jobs;
    size_t m_at = 0;
    std::unique_ptr<QTemporaryDir> m_places;
    std::unique_ptr<Language> m_language;
    std::unique_ptr<Stage> m_stage;
};

} // namespace

int drawShots(const QString& folder)
{
    if (!QDir().mkpath(folder)) {
        std::fprintf(stderr, "argali: %s cannot be made\n", qPrintable(folder));
        return 1;
    }
    // The off-screen platform has no desktop to take a font from.
    if (QFontDatabase::families().contains(QStringLiteral("Inter")))
        QApplication::setFont(QFont(QStringLiteral("Inter"), 10));
    QApplication::setQuitOnLastWindowClosed(false); // windows come and go
    Painter painter(folder);
    QTimer::singleShot(0, &painter, &Painter::next);
    return QApplication::exec();
}

} // namespace argali::gui
