#include "gui/settings/modelspage.h"

#include <QDir>
#include <QFileDialog>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QVBoxLayout>

#include "gui/models/modellibrary.h"
#include "gui/theme.h"
#include "gui/widgets/button.h"
#include "gui/widgets/elidedlabel.h"

namespace argali::gui {
namespace {

QWidget* makeList(QWidget* parent)
{
    auto* list = new QWidget(parent);
    auto* column = new QVBoxLayout(list);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(6);
    return list;
}

/// A row with a name, something quieter under it and a button.
void addEntry(QWidget* list, const QString& name, const QString& details, Button* button)
{
    auto* words = new QVBoxLayout;
    words->setSpacing(1);
    auto* first = new ElidedLabel(name, list);
    auto* second = new ElidedLabel(details, list);
    second->setElideMode(Qt::ElideMiddle);
    second->setFont(scaledFont(list->font(), 0.92));
    second->setForegroundRole(QPalette::PlaceholderText);
    words->addWidget(first);
    words->addWidget(second);
    auto* row = new QHBoxLayout;
    row->setSpacing(10);
    row->addLayout(words, 1);
    row->addWidget(button);
    static_cast<QVBoxLayout*>(list->layout())->addLayout(row);
}

} // namespace

ModelsPage::ModelsPage(Settings& settings, ModelLibrary& library, QWidget* parent)
    : SettingsPage(parent),
      m_settings(settings),
      m_library(library),
      m_folder(pathField(library.folder(), tr("Folder for models"), this)),
      m_choose(new Button(Button::Kind::Outlined, {}, tr("Choose…"), this)),
      m_usual(new Button(Button::Kind::Ghost, QStringLiteral("reset"), {}, this))
{
    addHeading(tr("Folder for models"));
    addHint(tr("Each model is a folder as it was published, with its config.json. Those that lie "
               "here stand in the menu of models."));
    m_choose->setAccessibleName(tr("Choose the folder for models"));
    m_usual->setAccessibleName(tr("Back to the usual folder"));
    m_usual->setToolTip(tr("Back to the usual folder"));
    auto* row = new QHBoxLayout;
    row->setSpacing(8);
    row->addWidget(m_folder, 1);
    row->addWidget(m_choose);
    row->addWidget(m_usual);
    column()->addLayout(row);
    m_problem = addText({});
    m_problem->setForegroundRole(QPalette::Link);
    m_problem->hide();
    connect(m_choose, &Button::clicked, this, &ModelsPage::chooseFolder);
    connect(m_usual, &Button::clicked, this,
            [this] { m_library.setFolder(ModelLibrary::defaultFolder()); });
    m_models = new QWidget(this);
    m_recent = new QWidget(this);
    column()->addWidget(m_models);
    addHeading(tr("Opened before"));
    column()->addWidget(m_recent);
    finish();

    connect(&library, &ModelLibrary::changed, this, [this] {
        showFolder();
        showModels();
    });
    connect(&settings, &Settings::changed, this, [this](const QByteArray& key) {
        if (key == settings::recentModels.key)
            showRecent();
    });
    showFolder();
    showModels();
    showRecent();
}

void ModelsPage::showEvent(QShowEvent* event)
{
    SettingsPage::showEvent(event);
    m_library.refresh();
}

void ModelsPage::setModel(const std::optional<LoadedModel>& model)
{
    const QString open = model ? model->folder : QString();
    if (open == m_open)
        return;
    m_open = open;
    showModels();
}

QString ModelsPage::problem() const
{
    return m_problem->text();
}

QStringList ModelsPage::listed() const
{
    return m_listed;
}

void ModelsPage::showFolder()
{
    const QString folder = m_library.folder();
    const bool usual = folder == ModelLibrary::defaultFolder();
    m_folder->setText(QDir::toNativeSeparators(folder));
    m_folder->setCursorPosition(0);
    m_usual->setEnabled(!usual);
    QString problem;
    if (m_library.state() == ModelLibrary::State::Missing)
        problem = usual ? tr("This folder is not there yet. Make it and put models into it, or "
                             "choose another one.")
                        : tr("This folder is not there any more. Choose another one, or connect "
                             "the disk it is on.");
    else if (m_library.state() == ModelLibrary::State::Unreadable)
        problem = tr("This folder cannot be read: check its rights, or choose another one.");
    m_problem->setText(problem);
    m_problem->setVisible(!problem.isEmpty());
}

void ModelsPage::showModels()
{
    auto* list = makeList(this);
    m_listed.clear();
    for (const FoundModel& model : m_library.models()) {
        m_listed.append(model.folder);
        const bool isOpen = model.folder == m_open;
        auto* open =
            new Button(Button::Kind::Outlined, {}, isOpen ? tr("Is open") : tr("Open"), list);
        open->setAccessibleName(tr("Open %1").arg(model.name));
        open->setEnabled(!isOpen);
        connect(open, &Button::clicked, this,
                [this, folder = model.folder] { emit modelChosen(folder); });
        const QString size = sizeText(model.bytes);
        addEntry(list, model.name,
                 model.family.isEmpty() ? size : QStringLiteral("%1 · %2").arg(model.family, size),
                 open);
    }
    if (m_listed.isEmpty() && m_library.state() == ModelLibrary::State::Read) {
        auto* none = new QLabel(tr("No models lie here."), list);
        none->setForegroundRole(QPalette::PlaceholderText);
        list->layout()->addWidget(none);
    }
    delete column()->replaceWidget(m_models, list);
    m_models->hide();
    m_models->deleteLater(); // one of its buttons may have been clicked
    m_models = list;
    list->show();
}

void ModelsPage::showRecent()
{
    auto* list = makeList(this);
    const QStringList recent = m_settings.value(settings::recentModels);
    for (const QString& folder : recent) {
        const QString name = QFileInfo(folder).fileName();
        auto* forget = new Button(Button::Kind::Ghost, QStringLiteral("close"), {}, list);
        forget->setAccessibleName(tr("Forget %1").arg(name));
        forget->setToolTip(
            QStringLiteral("<span>%1</span>")
                .arg(tr("Forget %1. Its files stay where they are.").arg(name).toHtmlEscaped()));
        connect(forget, &Button::clicked, this, [this, folder] { this->forget(folder); });
        addEntry(list, name, QDir::toNativeSeparators(folder), forget);
    }
    if (recent.isEmpty()) {
        auto* none = new QLabel(tr("None but the pocket model."), list);
        none->setForegroundRole(QPalette::PlaceholderText);
        list->layout()->addWidget(none);
    }
    delete column()->replaceWidget(m_recent, list);
    m_recent->hide();
    m_recent->deleteLater();
    m_recent = list;
    list->show();
}

void ModelsPage::forget(const QString& folder)
{
    QStringList recent = m_settings.value(settings::recentModels);
    recent.removeAll(folder);
    m_settings.set(settings::recentModels, recent);
}

void ModelsPage::chooseFolder()
{
    auto* dialog = new QFileDialog(window(), tr("Choose the folder for models"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setFileMode(QFileDialog::Directory);
    dialog->setOption(QFileDialog::ShowDirsOnly);
    const QString folder = m_library.folder();
    dialog->setDirectory(QFileInfo(folder).isDir() ? folder : QDir::homePath());
    connect(dialog, &QFileDialog::fileSelected, this,
            [this](const QString& chosen) { m_library.setFolder(chosen); });
    dialog->open();
}

} // namespace argali::gui
