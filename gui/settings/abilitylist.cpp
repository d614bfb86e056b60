#include "gui/settings/abilitylist.h"

#include <QAccessible>
#include <QHBoxLayout>
#include <QLabel>
#include <QLocale>
#include <QVBoxLayout>

#include "gui/displayname.h"
#include "gui/remote/profilestore.h"
#include "gui/remote/remotefailure.h"
#include "gui/settings/settingspage.h"
#include "gui/theme.h"
#include "gui/widgets/button.h"
#include "gui/widgets/combobox.h"
#include "gui/widgets/segmentedcontrol.h"

namespace argali::gui {
namespace {

using remote::Known;

// In the order of the segments.
constexpr std::array answersInOrder{Known::Unknown, Known::Yes, Known::No};

int segmentOf(Known answer)
{
    return answer == Known::Unknown ? 0 : answer == Known::Yes ? 1 : 2;
}

Known& answerOf(ModelAnswers& answers, AbilityList::Ability ability)
{
    switch (ability) {
    case AbilityList::Pictures:
        return answers.seesPictures;
    case AbilityList::Films:
        return answers.seesFilms;
    default:
        return answers.thinks;
    }
}

Known saidOf(const remote::RemoteModel& model, AbilityList::Ability ability)
{
    switch (ability) {
    case AbilityList::Pictures:
        return model.seesPictures;
    case AbilityList::Films:
        return model.seesFilms;
    default:
        return model.thinks;
    }
}

QString wordsOf(Known said, AbilityList::Ability ability)
{
    if (said == Known::Unknown)
        return {};
    if (said == Known::Yes)
        return AbilityList::tr("Yes, as the server says");
    return ability == AbilityList::Films
               ? AbilityList::tr("Not as one file, as the server says; its key frames go")
               : AbilityList::tr("No, as the server says");
}

} // namespace

AbilityList::AbilityList(ServerBook& book, QWidget* parent)
    : QWidget(parent),
      m_book(book),
      m_models(new ComboBox(this)),
      m_ask(new Button(Button::Kind::Outlined, {}, tr("Ask it"), this)),
      m_stop(new Button(Button::Kind::Outlined, QStringLiteral("stop"), tr("Stop"), this)),
      m_outcome(new QLabel(this))
{
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(6);
    m_models->setAccessibleName(tr("Model"));
    m_models->setMaximumWidth(fontMetrics().averageCharWidth() * 44);
    column->addWidget(m_models);
    const std::array captions{tr("Sees pictures"), tr("Takes films"), tr("Can think")};
    for (int i = 0; i < abilities; ++i) {
        Row& row = m_rows[size_t(i)];
        auto* caption = new QLabel(captions[size_t(i)], this);
        makeWrapping(caption);
        row.said = new QLabel(this);
        row.said->setForegroundRole(QPalette::PlaceholderText);
        row.said->setAlignment(Qt::AlignTrailing | Qt::AlignVCenter);
        makeWrapping(row.said);
        row.choice = new SegmentedControl({tr("Not known"), tr("Yes"), tr("No")}, this);
        for (int k = 0; k < 3; ++k)
            row.choice->segment(k)->setAccessibleName(
                //: an ability of a model, and one of Not known, Yes, No
                tr("%1: %2").arg(captions[size_t(i)], row.choice->segment(k)->text()));
        auto* line = new QHBoxLayout;
        line->setSpacing(8);
        line->addWidget(caption, 1);
        line->addWidget(row.said, 2);
        if (i == Pictures) {
            m_ask->setToolTip(tr("Sends a picture of 2 x 2 pixels to the model, and looks whether "
                                 "it is taken"));
            line->addWidget(m_ask);
            line->addWidget(m_stop);
        }
        line->addWidget(row.choice);
        column->addLayout(line);
        connect(row.choice, &SegmentedControl::currentChanged, this,
                [this, i](int segment) { choose(Ability(i), answersInOrder[size_t(segment)]); });
    }
    m_outcome->setTextFormat(Qt::PlainText);
    makeWrapping(m_outcome);
    m_outcome->setFont(scaledFont(font(), 0.92));
    column->addWidget(m_outcome);
    m_second.setInterval(1000);
    connect(&m_second, &QTimer::timeout, this, &AbilityList::showAsking);
    connect(m_models, &QComboBox::currentIndexChanged, this, [this] {
        say({});
        showModel();
    });
    connect(m_ask, &Button::clicked, this, &AbilityList::ask);
    connect(m_stop, &Button::clicked, this, &AbilityList::stop);
    connect(&book, &ServerBook::changed, this, [this] { setServer(m_profile); });
    setServer({});
}

AbilityList::~AbilityList()
{
    m_second.stop();
}

void AbilityList::setServer(const QString& profile)
{
    if (profile != m_profile)
        say({});
    m_profile = profile;
    ServerConnection* const now = connection();
    if (now != m_followed) {
        if (m_followed)
            m_followed->disconnect(this);
        m_followed = now;
        m_second.stop();
        if (now) {
            connect(now, &ServerConnection::factsChanged, this, &AbilityList::listModels);
            connect(now, &ServerConnection::profileChanged, this, &AbilityList::showModel);
            connect(now, &ServerConnection::sightProbed, this, &AbilityList::showOutcome);
        }
    }
    listModels();
}

bool AbilityList::isEmpty() const
{
    return m_models->count() == 0;
}

std::string AbilityList::current() const
{
    return m_models->currentData().toString().toStdString();
}

/// The one that is shown stays.
void AbilityList::listModels()
{
    const QVariant shown = m_models->currentData();
    const bool wasEmpty = isEmpty();
    {
        const QSignalBlocker quiet(m_models);
        m_models->clear();
        if (const ServerConnection* const now = connection()) {
            for (const remote::RemoteModel& model : now->facts().models)
                m_models->addItem(displayName(QString::fromStdString(model.shown)),
                                  QString::fromStdString(model.id));
        }
        if (const int index = m_models->findData(shown); index >= 0)
            m_models->setCurrentIndex(index);
    }
    m_models->updateGeometry();
    showModel();
    if (wasEmpty != isEmpty())
        emit changed();
}

void AbilityList::showModel()
{
    const ServerConnection* const now = connection();
    const std::string id = current();
    remote::RemoteModel said;
    if (now) {
        for (const remote::RemoteModel& model : now->said().models)
            if (model.id == id)
                said = model;
    }
    const bool isProbing = now && now->isProbing();
    for (int i = 0; i < abilities; ++i) {
        const Row& row = m_rows[size_t(i)];
        const QString words = wordsOf(saidOf(said, Ability(i)), Ability(i));
        ModelAnswers answers;
        if (now)
            answers = now->profile().models.value(QString::fromStdString(id));
        const Known own = answerOf(answers, Ability(i));
        row.said->setText(words);
        row.said->setVisible(!words.isEmpty());
        const QSignalBlocker quiet(row.choice);
        row.choice->setCurrentIndex(segmentOf(own));
        row.choice->update();
        row.choice->setVisible(words.isEmpty() || own != Known::Unknown);
    }
    m_ask->setVisible(said.seesPictures == Known::Unknown && !isProbing);
    m_stop->setVisible(isProbing);
}

QString AbilityList::said(Ability ability) const
{
    const QLabel* const label = m_rows[ability].said;
    return label->isHidden() ? QString() : label->text();
}

void AbilityList::choose(Ability ability, Known answer)
{
    const QString model = m_models->currentData().toString();
    m_book.store().learn(m_profile, [&](ConnectionProfile& profile) {
        ModelAnswers answers = profile.models.value(model);
        answerOf(answers, ability) = answer;
        if (answers == ModelAnswers())
            profile.models.remove(model);
        else
            profile.models[model] = answers;
    });
    const ConnectionProfile* const kept = m_book.store().find(m_profile);
    ModelAnswers answers = kept ? kept->models.value(model) : ModelAnswers();
    if (answerOf(answers, ability) != answer)
        say(tr("Argali remembers this of %1 models of a server, and has no room for more.")
                .arg(ConnectionProfile::mostModels),
            true);
    else
        say({});
    showModel();
}

void AbilityList::ask()
{
    ServerConnection* const now = connection();
    if (!now || now->isProbing())
        return;
    if (!now->isReady())
        return say(tr("The key of this server is still being looked up. Ask in a moment."));
    m_since.start();
    m_second.start();
    const bool hadFocus = m_ask->hasFocus();
    now->probeSight(current());
    showModel();
    showAsking();
    if (hadFocus)
        m_stop->setFocus();
}

void AbilityList::stop()
{
    ServerConnection* const now = connection();
    if (!now)
        return;
    const bool hadFocus = m_stop->hasFocus();
    now->stopProbing();
    if (hadFocus)
        m_ask->setFocus();
}

void AbilityList::showAsking()
{
    //: a number of seconds
    m_outcome->setText(tr("Asking the model with a tiny picture: %1 s")
                           .arg(QLocale().toString(int(m_since.elapsed() / 1000))));
    m_outcome->setPalette({});
    m_outcome->show();
}

void AbilityList::showOutcome(const QString& id, Known sees, const remote::Failure& failure)
{
    m_second.stop();
    const ServerConnection* const now = connection();
    const QString name = displayName(id);
    if (sees == Known::Yes)
        say(tr("%1 sees pictures: it took the tiny one.").arg(name));
    else if (sees == Known::No)
        say(tr("%1 does not see pictures: the tiny one was refused.").arg(name));
    else if (failure == remote::Failure()) // nobody answered any more
        say(tr("Stopped; it is not known any better than before."));
    else
        //: %1: a whole sentence that says what went wrong
        say(tr("It could not be found out. %1")
                .arg(remoteFailure(failure, now ? now->profile().shownName() : QString(), id)
                         .sentence()),
            true);
    showModel();
}

void AbilityList::say(const QString& sentence, bool bad)
{
    QPalette colours;
    colours.setColor(QPalette::WindowText,
                     bad ? Theme::of(palette()).bad : Theme::of(palette()).muted);
    m_outcome->setPalette(colours);
    m_outcome->setText(sentence);
    m_outcome->setVisible(!sentence.isEmpty());
    if (sentence.isEmpty())
        return;
    QAccessibleEvent event(m_outcome, QAccessible::Alert);
    QAccessible::updateAccessibility(&event);
}

QString AbilityList::outcome() const
{
    return m_outcome->isHidden() ? QString() : m_outcome->text();
}

} // namespace argali::gui
