#include "gui/models/modelchooser.h"

#include <QDir>
#include <QFileDialog>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QLocale>
#include <QMenu>

#include "gui/displayname.h"
#include "gui/models/modellibrary.h"
#include "gui/remote/sourcechoice.h"
#include "gui/widgets/button.h"
#include "gui/widgets/icon.h"

namespace argali::gui {
namespace {
constexpr int mostListed = 40; // of those that lie in the folder for models, and of servers

/// As much of a name as a button has room for.
QString shortened(const QString& name)
{
    constexpr qsizetype room = 24;
    const QString shown = displayName(name);
    return shown.size() <= room ? shown : shown.left(room - 1) + QChar(0x2026);
}

QString escapedForMenu(QString text)
{
    return text.replace(QLatin1Char('&'), QLatin1String("&&"));
}

} // namespace

ModelChooser::ModelChooser(Settings& settings, QWidget* parent)
    : QWidget(parent),
      m_settings(settings),
      m_button(new Button(Button::Kind::Outlined, {}, {}, this)),
      m_menu(new QMenu(this))
{
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    row->addWidget(m_button);
    m_button->setShowsMenu(true);
    m_button->setToolTip(tr("Model that answers"));
    m_menu->setToolTipsVisible(true);
    connect(m_button, &Button::clicked, this, &ModelChooser::showMenu);
    connect(m_menu, &QMenu::aboutToShow, this, &ModelChooser::fillMenu);
    setModel(std::nullopt, std::nullopt);
}

void ModelChooser::setModel(const std::optional<LoadedModel>& model,
                            const std::optional<QString>& loadingFolder)
{
    m_model = model;
    m_loading = loadingFolder;
    showName();
}

void ModelChooser::setAdapter(const QString& name)
{
    if (m_adapter == name)
        return;
    m_adapter = name;
    showName();
}

void ModelChooser::showName()
{
    const std::optional<LoadedModel>& model = m_model;
    const std::optional<QString>& loadingFolder = m_loading;
    if (loadingFolder) {
        m_button->setText(loadingFolder->isEmpty()
                              ? tr("Pocket")
                              : displayName(QFileInfo(*loadingFolder).fileName()));
        m_button->setDetail(tr("loading"));
    } else if (model) {
        m_button->setText(m_adapter.isEmpty() || !model->isLocal()
                              ? model->name()
                              //: a model and the adapter in use, on a button
                              : tr("%1 + %2").arg(model->name(), shortened(m_adapter)));
        m_button->setDetail(!model->isLocal() ? tr("on %1").arg(displayName(model->server))
                            : model->deviceId == QLatin1String("cpu")
                                //: size of the model, "8 M · on this CPU"
                                ? tr("%1 · on this CPU").arg(model->sizeName())
                                : QStringLiteral("%1 · %2").arg(model->typeName(), model->device));
    } else {
        m_button->setText(tr("No model"));
        m_button->setDetail({});
    }
    m_button->setAccessibleName(tr("Model: %1").arg(m_button->text()));
}

void ModelChooser::showMenu()
{
    m_menu->popup(m_button->mapToGlobal(
        QPoint(isRightToLeft() ? m_button->width() - m_menu->sizeHint().width() : 0,
               m_button->height() + 4)));
}

void ModelChooser::fillMenu()
{
    m_menu->clear();
    const bool pocketOpen = isLocal() && m_model && m_model->isPocket();
    QAction* pocket = m_menu->addAction(tr("Pocket model (in the program)"));
    pocket->setCheckable(true);
    pocket->setChecked(pocketOpen);
    connect(pocket, &QAction::triggered, this, [this] { emit folderChosen({}); });
    const QStringList recent = m_settings.value(settings::recentModels);
    for (const QString& folder : recent)
        addModel(folder, QFileInfo(folder).isDir());
    if (m_library) {
        for (const FoundModel& model : m_library->models().mid(0, mostListed)) {
            if (!recent.contains(model.folder))
                addModel(model.folder, true);
        }
    }
    m_menu->addSeparator();
    QAction* open = m_menu->addAction(icon(QStringLiteral("folder")), tr("Open a model folder…"));
    connect(open, &QAction::triggered, this, &ModelChooser::chooseFolder);
    if (m_loading) {
        QAction* stop = m_menu->addAction(icon(QStringLiteral("stop")), tr("Stop loading"));
        connect(stop, &QAction::triggered, this, &ModelChooser::stopRequested);
    }
    if (m_adapterMenu)
        m_menu->addMenu(m_adapterMenu);
    if (m_offersServing) {
        QAction* serve = m_menu->addAction(tr("Serve this model…"));
        serve->setToolTip(tr("Lets other programs ask it, on this computer or others"));
        connect(serve, &QAction::triggered, this, &ModelChooser::serveRequested);
    }
    addServers();
    if (m_model && m_model->isLocal())
        addNotes();
}

/// What is open on this computer.
void ModelChooser::addNotes()
{
    m_menu->addSeparator();
    const QLocale locale;
    const auto note = [&](const QString& text) {
        const QString tip = plainToolTip(text); // else the menu takes the text itself
        QAction* action = m_menu->addAction(escapedForMenu(text));
        action->setToolTip(tip);
        action->setEnabled(false);
    };
    //: parameters, number type, context of a model
    note(tr("%1 parameters, %2, context %3")
             .arg(m_model->sizeName(), m_model->typeName(), locale.toString(m_model->context)));
    note(displayName(m_model->device));
    if (m_model->deviceMemory > 0)
        note(tr("%1 GB of memory")
                 .arg(locale.toString(double(m_model->deviceMemory) / 1e9, 'f', 1)));
}

void ModelChooser::addModel(const QString& folder, bool isThere)
{
    QAction* action = m_menu->addAction(escapedForMenu(displayName(QFileInfo(folder).fileName())));
    action->setToolTip(plainToolTip(folder));
    action->setCheckable(true);
    action->setChecked(isLocal() && m_model && !m_model->isPocket() && m_model->folder == folder);
    action->setEnabled(isThere);
    connect(action, &QAction::triggered, this, [this, folder] { emit folderChosen(folder); });
}

/// Models of servers, under the name of their server.
void ModelChooser::addServers()
{
    if (!m_sources)
        return;
    m_menu->addSeparator();
    QString server;
    for (const OfferedModel& offered : m_sources->offered().mid(0, mostListed)) {
        if (offered.place() != server) {
            server = offered.place();
            m_menu->addSeparator(); // the style draws no words of a section
            QAction* heading = m_menu->addAction(escapedForMenu(displayName(server)));
            heading->setToolTip(plainToolTip(server));
            heading->setEnabled(false);
        }
        QAction* action = m_menu->addAction(escapedForMenu(displayName(offered.shown)));
        action->setToolTip(plainToolTip(QString::fromStdString(offered.target.model.id)));
        action->setCheckable(true);
        action->setChecked(offered.isFor(m_sources->current()));
        action->setEnabled(offered.isUsable);
        connect(action, &QAction::triggered, this,
                [this, source = offered.source()] { m_sources->choose(source); });
    }
    m_menu->addSeparator();
    QAction* servers = m_menu->addAction(icon(QStringLiteral("settings")),
                                         m_sources->offered().isEmpty() ? tr("Connect to a server…")
                                                                        : tr("Servers…"));
    connect(servers, &QAction::triggered, this, &ModelChooser::serversRequested);
    if (m_sources->offered().isEmpty())
        return;
    QAction* compare = m_menu->addAction(tr("Compare two models…"));
    connect(compare, &QAction::triggered, this, &ModelChooser::comparisonRequested);
}

bool ModelChooser::isLocal() const
{
    return !m_sources || m_sources->isLocal();
}

void ModelChooser::setSources(SourceChoice* sources)
{
    m_sources = sources;
    connect(sources, &SourceChoice::offeredChanged, this, [this] {
        if (m_menu->isVisible())
            fillMenu();
    });
}

void ModelChooser::setLibrary(ModelLibrary* library)
{
    m_library = library;
    connect(m_menu, &QMenu::aboutToShow, library, &ModelLibrary::refresh);
    connect(library, &ModelLibrary::changed, this, [this] {
        if (m_menu->isVisible())
            fillMenu();
    });
}

void ModelChooser::chooseFolder()
{
    auto* dialog = new QFileDialog(window(), tr("Open a model folder"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setFileMode(QFileDialog::Directory);
    dialog->setOption(QFileDialog::ShowDirsOnly);
    const QStringList recent = m_settings.value(settings::recentModels);
    dialog->setDirectory(recent.isEmpty() ? QDir::homePath()
                                          : QFileInfo(recent.first()).absolutePath());
    connect(dialog, &QFileDialog::fileSelected, this, &ModelChooser::folderChosen);
    dialog->open();
}

} // namespace argali::gui
