#include "gui/settings/privacypage.h"

#include <chrono>

#include <QDir>
#include <QDirIterator>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QMessageBox>
#include <QPushButton>
#include <QVBoxLayout>

#include "gui/background.h"
#include "gui/logfile.h"
#include "gui/remote/profilestore.h"
#include "gui/settings/presetstore.h"
#include "gui/theme.h"
#include "gui/widgets/button.h"

namespace argali::gui {
namespace {

constexpr auto pause = std::chrono::seconds(3); // between two measurements

/// The database with its journal, or another file, and those that were put aside.
QStringList withAside(const QString& file)
{
    const QFileInfo info(file);
    const QString base = info.dir().filePath(info.completeBaseName());
    return {file, base + QStringLiteral("*")};
}

/// A path may end in "*".
qint64 bytesOf(const QStringList& paths, const std::stop_token& stop)
{
    qint64 bytes = 0;
    QStringList seen;
    for (const QString& path : paths) {
        QStringList files{path};
        if (path.endsWith(QLatin1Char('*'))) {
            const QFileInfo pattern(path);
            files.clear();
            const QFileInfoList there =
                pattern.dir().entryInfoList({pattern.fileName()}, QDir::Files);
            for (const QFileInfo& each : there)
                files.append(each.filePath());
        }
        for (const QString& file : files) {
            if (!seen.contains(file))
                bytes += bytesAt(file, stop);
            seen.append(file);
        }
    }
    return bytes;
}

} // namespace

qint64 bytesAt(const QString& path, const std::stop_token& stop)
{
    const QFileInfo info(path);
    if (info.isFile())
        return info.size();
    qint64 bytes = 0;
    QDirIterator files(path, QDir::Files | QDir::Hidden | QDir::NoSymLinks,
                       QDirIterator::Subdirectories);
    while (files.hasNext() && !stop.stop_requested()) {
        files.next();
        bytes += files.fileInfo().size();
    }
    return bytes;
}

PrivacyPage::PrivacyPage(DataEraser& eraser, QWidget* parent)
    : SettingsPage(parent), m_eraser(eraser)
{
    const Places& places = eraser.places();
    addHeading(tr("Nothing leaves this computer by itself"));
    addHint(tr("Models run here, and what you write, attach and are answered is only in the files "
               "below. Argali opens connections to no servers but those you have named in these "
               "settings, and sends a question only to the one you have chosen for it."));
    addHeading(tr("What is stored"));
    addStore(tr("Chats"), withAside(places.historyFile), tr("Open the folder of the chats"));
    addStore(tr("Pictures and films that were sent"), {places.mediaFolder},
             tr("Open the folder of what was sent"));
    addStore(tr("Pasted pictures"), {places.pasteFolder}, tr("Open the folder of pasted pictures"));
    addStore(tr("What is being written"), {places.draftFile}, tr("Open the folder of drafts"));
    const QString presets = PresetStore::fileBeside(eraser.settingsFile());
    addStore(tr("Presets"), withAside(presets), tr("Open the folder of the presets"));
    const QString servers = ProfileStore::fileBeside(eraser.settingsFile());
    addStore(tr("Servers, without their keys"), withAside(servers),
             tr("Open the folder of the servers"));
    addHint(tr("Keys of servers are in the system's keychain, under “Argali”."));
    addStore(tr("Settings"), {eraser.settingsFile()}, tr("Open the folder of the settings"));
    const QString log = logFileName();
    if (!log.isEmpty())
        addStore(tr("Log"), {log, log + QStringLiteral(".1")}, tr("Open the folder of the log"));
    addClearing();
    finish();

    m_again.setSingleShot(true);
    m_again.setInterval(pause);
    connect(&m_again, &QTimer::timeout, this, &PrivacyPage::measure);
    connect(&eraser, &DataEraser::begun, this, &PrivacyPage::showState);
    connect(&eraser, &DataEraser::finished, this, [this] {
        showState();
        measure();
    });
    showState();
}

PrivacyPage::~PrivacyPage()
{
    m_stop.request_stop();
}

void PrivacyPage::addStore(const QString& name, const QStringList& paths, const QString& openName)
{
    auto* caption = new QLabel(name, this);
    auto* size = new QLabel(this);
    size->setForegroundRole(QPalette::PlaceholderText);
    auto* head = new QHBoxLayout;
    head->addWidget(caption, 1);
    head->addWidget(size);
    const QFileInfo first(paths.first());
    //: what is stored, "Chats"
    QLineEdit* path = pathField(first.absoluteFilePath(), tr("Path: %1").arg(name), this);
    const bool isFolder = first.suffix().isEmpty();
    auto* row = new QHBoxLayout;
    row->setSpacing(8);
    row->addWidget(path, 1);
    row->addWidget(openFolderButton(isFolder ? first.absoluteFilePath() : first.absolutePath(),
                                    openName, this));
    auto* both = new QVBoxLayout;
    both->setSpacing(2);
    both->addLayout(head);
    both->addLayout(row);
    column()->addLayout(both);
    m_stores.append({name, paths, size});
}

void PrivacyPage::addClearing()
{
    addHeading(tr("Clear"));
    m_chats =
        new Button(Button::Kind::Outlined, QStringLiteral("trash"), tr("Clear all chats…"), this);
    m_everything =
        new Button(Button::Kind::Outlined, QStringLiteral("trash"), tr("Clear everything…"), this);
    auto* row = new QHBoxLayout;
    row->setSpacing(8);
    row->addWidget(m_chats);
    row->addWidget(m_everything);
    row->addStretch(1);
    column()->addLayout(row);
    m_outcome = addText({});
    m_outcome->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_outcome->hide();
    connect(m_chats, &Button::clicked, this, [this] { ask(DataEraser::What::Chats); });
    connect(m_everything, &Button::clicked, this, [this] { ask(DataEraser::What::Everything); });
}

QMessageBox* PrivacyPage::ask(DataEraser::What what)
{
    const bool everything = what == DataEraser::What::Everything;
    auto* question = new QMessageBox(
        QMessageBox::NoIcon, everything ? tr("Clear everything") : tr("Clear all chats"),
        everything ? tr("Clear everything that Argali has stored?") : tr("Clear all chats?"),
        QMessageBox::Cancel, window());
    question->setAttribute(Qt::WA_DeleteOnClose);
    question->setTextFormat(Qt::PlainText);
    question->setInformativeText(
        everything
            ? tr("All chats and folders of chats go, with the copies of pictures and films that "
                 "were sent in them, pasted pictures, everything being written, damaged or earlier "
                 "files of chats that were put aside, all presets, all servers with their keys, "
                 "all settings and the log. An answer under way is stopped. Your own pictures, "
                 "films and models stay. This cannot be undone.")
            : tr("All chats and folders of chats go, with the copies of pictures and films that "
                 "were sent in them, pasted pictures, everything being written, and damaged or "
                 "earlier files of chats that were put aside. An answer under way is stopped. Your "
                 "own pictures and films, models and settings stay. This cannot be undone."));
    QPushButton* clear = question->addButton(tr("Clear"), QMessageBox::DestructiveRole);
    question->setDefaultButton(QMessageBox::Cancel);
    question->setEscapeButton(QMessageBox::Cancel);
    connect(clear, &QPushButton::clicked, this, [this, what] { m_eraser.erase(what); });
    question->open();
    return question;
}

QString PrivacyPage::outcome() const
{
    return m_outcome->isHidden() ? QString() : m_outcome->text();
}

void PrivacyPage::showState()
{
    m_chats->setEnabled(!m_eraser.isBusy());
    m_everything->setEnabled(!m_eraser.isBusy());
    QString sentence;
    bool bad = false;
    if (m_eraser.isBusy()) {
        sentence = tr("Clearing…");
    } else if (const auto& last = m_eraser.last()) {
        bad = !last->left.isEmpty();
        if (bad)
            sentence = tr("These could not be removed; check their rights and remove them "
                          "yourself:\n%1")
                           .arg(last->left.join(QLatin1Char('\n')));
        else if (last->what == DataEraser::What::Chats)
            sentence = tr("All chats were cleared.");
        else
            sentence = tr("Everything was cleared.");
    }
    QPalette colours;
    if (bad)
        colours.setColor(QPalette::WindowText, Theme::of(palette()).bad);
    m_outcome->setPalette(colours);
    m_outcome->setText(sentence);
    m_outcome->setVisible(!sentence.isEmpty());
}

void PrivacyPage::showEvent(QShowEvent* event)
{
    SettingsPage::showEvent(event);
    measure();
}

void PrivacyPage::hideEvent(QHideEvent* event)
{
    m_again.stop();
    SettingsPage::hideEvent(event);
}

void PrivacyPage::measure()
{
    if (m_measuring)
        return;
    m_measuring = true;
    QList<QStringList> all;
    for (const Store& store : m_stores)
        all.append(store.paths);
    inBackground(
        this,
        [all, stop = m_stop.get_token()] {
            QList<qint64> sizes;
            for (const QStringList& paths : all)
                sizes.append(bytesOf(paths, stop));
            return sizes;
        },
        [this](const QList<qint64>& sizes) {
            m_measuring = false;
            for (qsizetype i = 0; i < sizes.size(); ++i)
                m_stores[i].size->setText(sizes[i] > 0 ? sizeText(sizes[i]) : tr("Empty"));
            if (isVisible())
                m_again.start();
            emit measured();
        });
}

} // namespace argali::gui
