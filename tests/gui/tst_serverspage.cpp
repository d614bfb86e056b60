// The page of the servers: what is said of each, the form with what is wrong under its field, and
// that nothing typed or removed is lost.
#include <memory>

#include <QAbstractButton>
#include <QApplication>
#include <QDirIterator>
#include <QFile>
#include <QLabel>
#include <QLineEdit>
#include <QLocale>
#include <QPlainTextEdit>
#include <QPointer>
#include <QSignalSpy>
#include <QSpinBox>
#include <QTemporaryDir>
#include <QTest>

#include "gui/remote/connectionlabel.h"
#include "gui/remote/keyquestion.h"
#include "gui/remote/profilestore.h"
#include "gui/settings/abilitylist.h"
#include "gui/settings/groupfields.h"
#include "gui/settings/sendingfields.h"
#include "gui/settings/serverform.h"
#include "gui/settings/serverspage.h"
#include "gui/settings/settings.h"
#include "gui/statusline.h"
#include "gui/theme.h"
#include "gui/widgets/button.h"
#include "gui/widgets/combobox.h"
#include "gui/widgets/disclosure.h"
#include "gui/widgets/segmentedcontrol.h"
#include "gui/widgets/toggleswitch.h"
#include "tests/support/fakeserver.h"

using namespace argali;
using namespace argali::gui;

namespace {

const QString secret = QStringLiteral("sk-typed-4711");

/// A keychain that works.
class KeptKeys final : public KeyKeeper {
public:
    void read(const QString& id, QObject* context, Callback callback) override
    {
        say(context, callback, {kept.contains(id) ? Outcome::Done : Outcome::None, kept.value(id)});
    }
    void write(const QString& id, const remote::Secret& key, QObject* context,
               Callback callback) override
    {
        kept[id] = key;
        say(context, callback, {Outcome::Done});
    }
    void remove(const QString& id, QObject* context, Callback callback) override
    {
        kept.remove(id);
        say(context, callback, {Outcome::Done});
    }
    std::optional<bool> keeps() const override { return true; }
    QHash<QString, remote::Secret> kept;

private:
    static void say(QObject* context, const Callback& callback, const Answer& answer)
    {
        QMetaObject::invokeMethod(
            context, [=] { callback(answer); }, Qt::QueuedConnection);
    }
};

struct Bench {
    explicit Bench(bool hasKeychain = true)
        : book(ProfileStore::of(settings),
               hasKeychain ? static_cast<KeyKeeper&>(kept) : static_cast<KeyKeeper&>(memory))
    {
        server.answer("/v1/models",
                      FakeServer::json(R"({"object":"list","data":[{"id":"Ovis2.5-2B",)"
                                       R"("object":"model","owned_by":"vllm"}]})"));
        server.answer("/version", FakeServer::json(R"({"version":"0.11.0"})"));
        open();
    }
    void open()
    {
        page.reset();
        page = std::make_unique<ServersPage>(book);
        page->resize(640, 900);
        page->show();
        QApplication::setActiveWindow(page.get());
    }
    ServerForm& form() { return *page->form(); }
    ProfileStore& store() { return book.store(); }
    QString url() const { return QString::fromLatin1(server.url()); }
    static void type(QLineEdit* field, const QString& text)
    {
        field->selectAll();
        QTest::keyClick(field, Qt::Key_Delete);
        QTest::keyClicks(field, text);
    }
    /// A server that is there.
    QString add(const QString& name, const QString& key = {})
    {
        page->addButton()->click();
        type(form().nameField(), name);
        type(form().urlField(), url());
        if (!key.isEmpty())
            type(form().keyField(), key);
        form().proxyChoice()->setCurrentIndex(1);
        form().saveButton()->click();
        return store().profiles().isEmpty() ? QString() : store().profiles().last().id;
    }

    QTemporaryDir dir;
    Settings settings{dir.filePath(QStringLiteral("argali.ini"))};
    FakeServer server;
    KeptKeys kept;
    MemoryKeys memory;
    ServerBook book;
    std::unique_ptr<ServersPage> page;
};

} // namespace

class TestServersPage final : public QObject {
    Q_OBJECT
private slots:
    void initTestCase()
    {
        QLocale::setDefault(QLocale(QLocale::English, QLocale::UnitedStates));
        applyTheme(Theme::Choice::Light);
    }

    void addsAServer()
    {
        Bench bench;
        QVERIFY(bench.form().isHidden());
        QCOMPARE(bench.page->rows().size(), 0);
        const QString id = bench.add(QStringLiteral("Rack"), secret);
        QVERIFY(!id.isEmpty());
        QVERIFY(bench.form().isHidden());
        const ConnectionProfile& profile = bench.store().profiles().at(0);
        QCOMPARE(profile.name, QStringLiteral("Rack"));
        QCOMPARE(profile.url, bench.url());
        QCOMPARE(profile.proxy.kind, ProxyChoice::Kind::None);
        QVERIFY(profile.hasKey);
        QVERIFY(bench.kept.kept.value(id).equals(secret.toStdString()));
        QCOMPARE(bench.page->rows().size(), 1);
        QTRY_COMPARE_WITH_TIMEOUT(bench.page->rows().at(0).status->text(),
                                  QStringLiteral("Connected to Rack: Ovis2.5-2B"), 30'000);
        QCOMPARE(bench.server.requests().at(0).headers.value("authorization"),
                 "Bearer " + secret.toLatin1());
        QTRY_VERIFY_WITH_TIMEOUT(QFile::exists(bench.store().fileName()), 30'000);
        QDirIterator files(bench.dir.path(), QDir::Files | QDir::Hidden);
        while (files.hasNext()) {
            QFile file(files.next());
            QVERIFY(file.open(QIODevice::ReadOnly));
            QVERIFY(!file.readAll().contains(secret.toLatin1()));
        }
    }

    void saysWhatIsWrongUnderItsField()
    {
        Bench bench;
        bench.page->addButton()->click();
        ServerForm& form = bench.form();
        form.saveButton()->click();
        QVERIFY(form.urlNote().contains(QStringLiteral("needs an address")));
        Bench::type(form.urlField(), QStringLiteral("ftp://host"));
        QCOMPARE(form.urlNote(), QString()); // it is being mended
        form.saveButton()->click();
        QVERIFY2(form.urlNote().contains(QStringLiteral("begins with http:// or https://")),
                 qPrintable(form.urlNote()));
        QVERIFY(form.urlField()->hasFocus());
        Bench::type(form.urlField(), bench.url());
        QVERIFY(!form.more()->isOpen());
        form.headersField()->setPlainText(QStringLiteral("X-A: 1\nX-Api-Key: k"));
        form.proxyChoice()->setCurrentIndex(2);
        Bench::type(form.proxyField(), QStringLiteral("http://me:word@proxy"));
        QTest::keyClick(form.urlField(), Qt::Key_Return); // as "Save"
        QCOMPARE(form.urlNote(), QString());
        QVERIFY(form.more()->isOpen());
        QVERIFY(form.headersNote().contains(QStringLiteral("X-Api-Key looks like one for a key")));
        QVERIFY(form.proxyNote().contains(QStringLiteral("HTTPS_PROXY")));
        QVERIFY(form.headersField()->hasFocus());
        QCOMPARE(bench.store().profiles().size(), 0);
        form.headersField()->setPlainText(QStringLiteral("X-A: 1\n\n X-B :two: three "));
        Bench::type(form.proxyField(), QStringLiteral("proxy:3128"));
        form.connectField()->setValue(3);
        form.silenceField()->setValue(600);
        Bench::type(form.certificateField(), QStringLiteral("/tmp/own.pem"));
        form.saveButton()->click();
        QCOMPARE(bench.store().profiles().size(), 1);
        const ConnectionProfile profile = bench.store().profiles().at(0);
        QCOMPARE(profile.headers,
                 (std::vector<ConnectionProfile::Header>{{"X-A", "1"}, {"X-B", "two: three"}}));
        QCOMPARE(profile.proxy.url, QStringLiteral("proxy:3128"));
        QCOMPARE(profile.connectLimit, std::chrono::seconds(3));
        QCOMPARE(profile.silenceLimit, std::chrono::seconds(600));
        QCOMPARE(profile.certificateFile, QStringLiteral("/tmp/own.pem"));
        bench.page->edit(profile.id); // all of it is there again
        QVERIFY(!form.isEdited());
        QVERIFY(form.more()->isOpen());
        QCOMPARE(form.headersField()->toPlainText(), QStringLiteral("X-A: 1\nX-B: two: three"));
    }

    void testsTheConnection()
    {
        Bench bench;
        bench.page->addButton()->click();
        ServerForm& form = bench.form();
        Bench::type(form.nameField(), QStringLiteral("Rack"));
        Bench::type(form.urlField(), bench.url());
        Bench::type(form.keyField(), secret);
        form.testButton()->click();
        QVERIFY(!form.testButton()->isEnabled()); // one at a time
        QTRY_VERIFY_WITH_TIMEOUT(form.testButton()->isEnabled(), 30'000);
        QCOMPARE(form.outcome(), QStringLiteral("Connected to Rack: Ovis2.5-2B\n"
                                                "Kind of server: vLLM 0.11.0\nModels: Ovis2.5-2B"));
        QCOMPARE(bench.server.requests().at(0).headers.value("authorization"),
                 "Bearer " + secret.toLatin1());
        QCOMPARE(bench.store().profiles().size(), 0); // nothing is kept
        QVERIFY(bench.kept.kept.isEmpty());
        bench.server.answer("/v1/models", FakeServer::json(R"({"error":{"message":"no"}})", 401));
        form.testButton()->click();
        QTRY_VERIFY_WITH_TIMEOUT(form.outcome().contains(QStringLiteral("wants a key")), 30'000);
        bench.server.stop();
        form.testButton()->click();
        QTRY_VERIFY_WITH_TIMEOUT(form.outcome().contains(QStringLiteral("Nothing listens at")),
                                 30'000);
        Bench::type(form.urlField(), QStringLiteral("no address"));
        const qsizetype before = bench.server.requests().size();
        form.testButton()->click();
        QVERIFY(!form.urlNote().isEmpty());
        QCOMPARE(bench.server.requests().size(), before);
    }

    void testsWithTheKeyThatIsKept()
    {
        Bench bench;
        const QString id = bench.add(QStringLiteral("Rack"), secret);
        QTRY_VERIFY_WITH_TIMEOUT(bench.book.find(id)->status().isUsable(), 30'000);
        bench.page->edit(id);
        const qsizetype before = bench.server.requests().size();
        bench.form().testButton()->click();
        QTRY_VERIFY_WITH_TIMEOUT(bench.server.requests().size() > before, 30'000);
        QCOMPARE(bench.server.requests().last().headers.value("authorization"),
                 "Bearer " + secret.toLatin1());
    }

    void saysWhereTheKeyIs()
    {
        Bench bench;
        const QString id = bench.add(QStringLiteral("Rack"), secret);
        ServerForm& form = bench.form();
        bench.page->edit(id);
        QCOMPARE(form.keyField()->echoMode(), QLineEdit::Password);
        QCOMPARE(form.keyField()->text(), QString()); // it is not shown, not even as dots
        QVERIFY(form.keyNote().contains(QStringLiteral("Kept in the system's keychain")));
        QCOMPARE(bench.page->trouble(), QString());
        form.saveButton()->click(); // nothing typed: it stays
        QVERIFY(bench.kept.kept.contains(id));
        bench.page->edit(id);
        form.forgetKeyButton()->click();
        QVERIFY(bench.kept.kept.contains(id)); // not before it is saved
        form.saveButton()->click();
        QVERIFY(!bench.kept.kept.contains(id));
        QVERIFY(!bench.store().find(id)->hasKey);

        Bench without(false);
        const QString other = without.add(QStringLiteral("Desk"), secret);
        QVERIFY(without.page->trouble().contains(QStringLiteral("no keychain")));
        without.page->edit(other);
        QVERIFY(without.form().keyNote().contains(QStringLiteral("again at the next start")));
    }

    void givesTheKeyToNoOtherMachine()
    {
        Bench bench;
        const QString id = bench.add(QStringLiteral("Rack"), secret);
        bench.page->edit(id);
        ServerForm& form = bench.form();
        Bench::type(form.urlField(), QStringLiteral("http://other.invalid:8000"));
        for (Button* button : {form.saveButton(), form.testButton()}) {
            button->click();
            QVERIFY(form.keyNote().contains(QStringLiteral("for another address")));
            QCOMPARE(bench.store().find(id)->url, bench.url());
        }
        Bench::type(form.keyField(), QStringLiteral("another"));
        form.saveButton()->click();
        QCOMPARE(bench.store().find(id)->url, QStringLiteral("http://other.invalid:8000"));
        QVERIFY(bench.kept.kept.value(id).equals("another"));
    }

    void losesNothingThatIsTyped()
    {
        Bench bench;
        const QString id = bench.add(QStringLiteral("Rack"));
        bench.page->edit(id);
        ServerForm& form = bench.form();
        Bench::type(form.nameField(), QStringLiteral("Half a na"));
        Bench::type(form.keyField(), secret);
        QTest::keyClick(form.nameField(), Qt::Key_Escape);
        QVERIFY(!form.isHidden());
        QVERIFY(form.refusal().contains(QStringLiteral("not saved yet")));
        bench.page->add();
        QVERIFY(bench.page->note().contains(QStringLiteral("Save what you have changed")));
        QCOMPARE(form.nameField()->text(), QStringLiteral("Half a na"));
        bench.open(); // the settings were closed, and opened again
        QVERIFY(!bench.form().isHidden());
        QCOMPARE(bench.form().edited().id, id);
        QCOMPARE(bench.form().nameField()->text(), QStringLiteral("Half a na"));
        QCOMPARE(bench.form().keyField()->text(), secret);
        bench.form().cancelButton()->click();
        QVERIFY(bench.form().isHidden());
        QCOMPARE(bench.store().find(id)->name, QStringLiteral("Rack"));
        bench.open();
        QVERIFY(bench.form().isHidden());
        bench.page->edit(id);
        QTest::keyClick(bench.form().nameField(), Qt::Key_Escape); // nothing to lose
        QVERIFY(bench.form().isHidden());
    }

    void takesBackARemoval()
    {
        Bench bench;
        const QString first = bench.add(QStringLiteral("Rack"), secret);
        const QString second = bench.add(QStringLiteral("Desk"));
        const ConnectionProfile before = *bench.store().find(first);
        bench.page->rows().at(0).remove->click();
        QCOMPARE(bench.page->rows().size(), 1);
        QVERIFY(!bench.kept.kept.contains(first)); // the key goes with it
        QVERIFY(bench.page->note().contains(QStringLiteral("“Rack” was removed")));
        bench.page->undoButton()->click();
        QCOMPARE(bench.page->rows().size(), 2);
        QCOMPARE(bench.page->rows().at(0).id, first);
        QVERIFY(bench.store().find(first)->isReachedLike(before));
        QVERIFY(bench.kept.kept.value(first).equals(secret.toStdString()));
        QVERIFY(bench.page->undoButton()->isHidden());
        bench.page->edit(second);
        bench.page->remove(second); // while it is open
        QVERIFY(bench.form().isHidden());
        QVERIFY(bench.page->note().contains(QStringLiteral("“Desk” was removed")));
    }

    void checksNow()
    {
        Bench bench;
        const QString id = bench.add(QStringLiteral("Rack"));
        QTRY_VERIFY_WITH_TIMEOUT(bench.book.find(id)->status().isUsable(), 30'000);
        bench.server.stop();
        bench.page->rows().at(0).check->click();
        QTRY_VERIFY_WITH_TIMEOUT(
            bench.page->rows().at(0).status->text().contains(QStringLiteral("Nothing listens at")),
            30'000);
    }

    void groupsServers()
    {
        Bench bench;
        const QString first = bench.add(QStringLiteral("Rack"));
        QVERIFY(bench.page->rows().at(0).up->isHidden()); // nothing to move it past
        const QString second = bench.add(QStringLiteral("Desk"));
        bench.page->edit(first);
        GroupFields& group = *bench.form().group();
        bench.form().more()->setOpen(true);
        QVERIFY(!group.modeChoice()->isVisible());
        QCOMPARE(group.note(), QString());
        Bench::type(group.nameField(), QStringLiteral("Vision"));
        QVERIFY(group.modeChoice()->isVisible());
        QVERIFY(!group.weightField()->isVisible());
        QVERIFY(group.note().contains(QStringLiteral("The first of the list")));
        bench.form().saveButton()->click();
        QCOMPARE(bench.store().find(first)->group, QStringLiteral("Vision"));
        QVERIFY(bench.page->rows().at(0).group->text().contains(QStringLiteral("Alone in")));
        QVERIFY(bench.page->rows().at(1).group->isHidden());

        bench.page->edit(second);
        bench.form().more()->setOpen(true);
        Bench::type(group.nameField(), QStringLiteral("Vision"));
        bench.form().saveButton()->click();
        QVERIFY(bench.page->rows().at(0).group->text().contains(QStringLiteral("asked first")));
        QVERIFY(bench.page->rows().at(1).group->text().contains(QStringLiteral("place 2 of 2")));
        QVERIFY(!bench.page->rows().at(0).up->isEnabled());
        QVERIFY(!bench.page->rows().at(1).down->isEnabled());
        bench.page->rows().at(1).up->setFocus();
        QTest::keyClick(bench.page->rows().at(1).up, Qt::Key_Space);
        QCOMPARE(bench.store().indexOf(second), 0);
        QCOMPARE(bench.page->rows().at(0).id, second);
        QVERIFY(bench.page->rows().at(0).group->text().contains(QStringLiteral("asked first")));
        QVERIFY(bench.page->rows().at(0).down->hasFocus()); // it can go no further up

        bench.page->edit(second); // one mode for all of the group, a share for each
        QVERIFY(bench.form().more()->isOpen());
        group.modeChoice()->setCurrentIndex(1);
        QVERIFY(group.weightField()->isVisible());
        QVERIFY(group.note().contains(QStringLiteral("by chance")));
        group.weightField()->setValue(3);
        bench.form().saveButton()->click();
        QCOMPARE(bench.store().find(first)->groupMode, GroupMode::Weighted);
        QVERIFY(bench.page->rows().at(0).group->text().contains(QStringLiteral("75 %")));
        QVERIFY(bench.page->rows().at(1).group->text().contains(QStringLiteral("25 %")));
        // Who joins a group takes it as it is.
        bench.page->add();
        bench.form().more()->setOpen(true);
        QCOMPARE(group.modeChoice()->currentIndex(), 0);
        Bench::type(group.nameField(), QStringLiteral("Vision"));
        QCOMPARE(group.modeChoice()->currentIndex(), 1);
    }

    void choosesHowFilmsAndPicturesGo()
    {
        Bench bench;
        const QString id = bench.add(QStringLiteral("Rack"));
        bench.store().learn(id, [](ConnectionProfile& profile) {
            profile.refused = {remote::RequestPart::FilmFile, remote::RequestPart::Seed};
        });
        bench.page->edit(id);
        SendingFields& sending = *bench.form().sending();
        QVERIFY(!sending.originals()->isChecked());
        QCOMPARE(sending.filmChoice()->currentIndex(), 0);
        QCOMPARE(sending.note(), QString());
        bench.form().more()->setOpen(true);
        sending.filmChoice()->setCurrentIndex(1);
        QVERIFY(sending.note().contains(QStringLiteral("chooses the frames itself")));
        sending.originals()->click();
        QVERIFY(sending.note().contains(QStringLiteral("the place where they were taken")));
        bench.form().saveButton()->click();
        const ConnectionProfile& kept = *bench.store().find(id);
        QVERIFY(kept.sendsOriginals);
        QCOMPARE(kept.filmForm, remote::RemoteOptions::FilmForm::File);
        QCOMPARE(kept.refused, remote::RequestParts{remote::RequestPart::Seed}); // tried again
        bench.page->edit(id);
        QVERIFY(bench.form().more()->isOpen());
        QVERIFY(!bench.form().isEdited());
        QCOMPARE(sending.filmChoice()->currentIndex(), 1);
    }

    void asksAModelWhetherItSees()
    {
        Bench bench;
        const QString id = bench.add(QStringLiteral("Rack"));
        QTRY_VERIFY_WITH_TIMEOUT(bench.book.find(id)->status().isUsable(), 30'000);
        bench.page->edit(id);
        AbilityList& list = *bench.form().abilities();
        QVERIFY(!bench.form().abilitiesPart()->isHidden());
        bench.form().abilitiesPart()->setOpen(true);
        QCOMPARE(list.models()->count(), 1);
        QVERIFY(list.askButton()->isVisible());
        QVERIFY(!list.stopButton()->isVisible());
        // The server does not answer: it can be stopped, and that it runs is seen.
        bench.server.answer("/v1/chat/completions", {.silent = true});
        list.askButton()->click();
        QVERIFY(!list.askButton()->isVisible());
        QVERIFY(list.stopButton()->isVisible());
        QVERIFY(list.outcome().contains(QStringLiteral("0 s")));
        QTRY_VERIFY_WITH_TIMEOUT(list.outcome().contains(QStringLiteral("1 s")), 30'000);
        list.stopButton()->click();
        QVERIFY(list.outcome().contains(QStringLiteral("Stopped")));
        QVERIFY(list.askButton()->isVisible());
        QVERIFY(!bench.book.find(id)->isProbing());
        // Then it says nothing of use, then no, then yes.
        const QByteArray path = "/v1/chat/completions";
        bench.server.answer(path, FakeServer::json(R"({"error":{"message":"a key?"}})", 401));
        list.askButton()->click();
        QTRY_VERIFY_WITH_TIMEOUT(list.outcome().contains(QStringLiteral("could not be found out")),
                                 30'000);
        QCOMPARE(list.choice(AbilityList::Pictures)->currentIndex(), 0);
        bench.server.answer(
            path, FakeServer::json(R"({"error":{"message":"no multimodal model"}})", 400));
        list.askButton()->click();
        QTRY_VERIFY_WITH_TIMEOUT(list.outcome().contains(QStringLiteral("does not see pictures")),
                                 30'000);
        QCOMPARE(list.choice(AbilityList::Pictures)->currentIndex(), 2);
        bench.server.answer(path, FakeServer::json(R"({"choices":[]})"));
        list.askButton()->click();
        QTRY_VERIFY_WITH_TIMEOUT(list.outcome().contains(QStringLiteral("sees pictures: it took")),
                                 30'000);
        QCOMPARE(list.choice(AbilityList::Pictures)->currentIndex(), 1);
        QCOMPARE(bench.store().find(id)->models.value(QStringLiteral("Ovis2.5-2B")).seesPictures,
                 remote::Known::Yes);
    }

    void theUserSaysWhatAModelCan()
    {
        Bench bench;
        const QString id = bench.add(QStringLiteral("Rack"));
        QTRY_VERIFY_WITH_TIMEOUT(bench.book.find(id)->status().isUsable(), 30'000);
        bench.page->edit(id);
        AbilityList& list = *bench.form().abilities();
        list.choice(AbilityList::Pictures)->segment(2)->click();
        list.choice(AbilityList::Films)->segment(2)->click();
        list.choice(AbilityList::Thinking)->segment(1)->click();
        const QString model = QStringLiteral("Ovis2.5-2B");
        const ModelAnswers said{remote::Known::No, remote::Known::No, remote::Known::Yes};
        QCOMPARE(bench.store().find(id)->models.value(model), said);
        QVERIFY(!bench.form().isEdited());
        // Saving something else does not take it back.
        Bench::type(bench.form().nameField(), QStringLiteral("Other"));
        bench.form().saveButton()->click();
        QCOMPARE(bench.store().find(id)->models.value(model), said);
        QTRY_VERIFY_WITH_TIMEOUT(QFile::exists(bench.store().fileName()), 30'000);
        QTRY_COMPARE_WITH_TIMEOUT(
            ProfileStore(bench.store().fileName()).find(id)->models.value(model), said, 30'000);
        bench.page->edit(id);
        QCOMPARE(list.choice(AbilityList::Films)->currentIndex(), 2);
        for (const AbilityList::Ability each :
             {AbilityList::Pictures, AbilityList::Films, AbilityList::Thinking})
            list.choice(each)->segment(0)->click();
        QVERIFY(bench.store().find(id)->models.isEmpty());
    }

    void showsWhatTheServerSaysOfAModel()
    {
        Bench bench;
        bench.server.answer("/v1/models",
                            FakeServer::json(R"({"data":[{"id":"a","owned_by":"llamacpp",)"
                                             R"("architecture":{"input_modalities":["text"]}},)"
                                             R"({"id":"b","owned_by":"llamacpp","status":)"
                                             R"({"value":"loaded"},"architecture":)"
                                             R"({"input_modalities":["text","image"]}}]})"));
        const QString id = bench.add(QStringLiteral("Rack"));
        QTRY_COMPARE_WITH_TIMEOUT(bench.book.find(id)->facts().models.size(), size_t(2), 30'000);
        bench.page->edit(id);
        bench.form().abilitiesPart()->setOpen(true);
        AbilityList& list = *bench.form().abilities();
        const auto show = [&](const char* model) {
            list.models()->setCurrentIndex(list.models()->findData(QLatin1String(model)));
        };
        show("a");
        QCOMPARE(list.said(AbilityList::Pictures), QStringLiteral("No, as the server says"));
        QVERIFY(!list.choice(AbilityList::Pictures)->isVisible());
        QVERIFY(!list.askButton()->isVisible());
        show("b");
        QCOMPARE(list.said(AbilityList::Pictures), QStringLiteral("Yes, as the server says"));
        QVERIFY(list.choice(AbilityList::Thinking)->isVisible()); // of that it says nothing
        // A server that is new has no models to speak of.
        bench.form().cancelButton()->click();
        bench.page->add();
        QVERIFY(bench.form().abilitiesPart()->isHidden());
    }

    void asksForAKeyThatIsMissing()
    {
        Bench bench;
        ConnectionProfile profile;
        profile.id = QStringLiteral("rack");
        profile.name = QStringLiteral("<b>Rack</b>");
        profile.url = bench.url();
        profile.hasKey = true;
        QSignalSpy wanted(&bench.book, &ServerBook::keyWanted);
        QCOMPARE(bench.store().put(profile), QString());
        QTRY_COMPARE_WITH_TIMEOUT(wanted.count(), 1, 30'000);
        QPointer<KeyQuestion> question = askForKey(bench.book, profile.id, bench.page.get());
        QVERIFY(question->isVisible());
        QCOMPARE(question->keyField()->echoMode(), QLineEdit::Password);
        QVERIFY(question->keyField()->accessibleName().contains(QStringLiteral("<b>Rack</b>")));
        QVERIFY(question->note().contains(QStringLiteral("system's keychain")));
        QVERIFY(!question->useButton()->isEnabled());
        QTest::keyClicks(question->keyField(), QStringLiteral("  "));
        QVERIFY(!question->useButton()->isEnabled());
        QTest::keyClicks(question->keyField(), secret);
        QTest::keyClick(question->keyField(), Qt::Key_Return);
        QTRY_VERIFY_WITH_TIMEOUT(!question, 30'000);
        QTRY_VERIFY_WITH_TIMEOUT(bench.book.find(profile.id)->status().isUsable(), 30'000);
        QVERIFY(bench.kept.kept.value(profile.id).equals(secret.toStdString()));
        QCOMPARE(bench.server.requests().last().headers.value("authorization"),
                 "Bearer " + secret.toLatin1());
        QVERIFY(!askForKey(bench.book, QStringLiteral("gone"), bench.page.get()));
        // "Later" leaves it at that.
        Bench other(false);
        QCOMPARE(other.store().put(profile), QString());
        question = askForKey(other.book, profile.id, other.page.get());
        QVERIFY(question->note().contains(QStringLiteral("in memory only")));
        question->reject();
        QTRY_VERIFY_WITH_TIMEOUT(!question, 30'000);
        QTRY_VERIFY_WITH_TIMEOUT(other.book.find(profile.id)->isKeyMissing(), 30'000);
    }

    void showsNamesAsTheyAre()
    {
        Bench bench;
        bench.add(QStringLiteral("<b>A & B</b>"));
        QTRY_VERIFY_WITH_TIMEOUT(bench.book.connections().at(0)->status().isUsable(), 30'000);
        const ServersPage::Row& row = bench.page->rows().at(0);
        QVERIFY(row.status->text().contains(QStringLiteral("<b>A & B</b>")));
        QCOMPARE(row.status->textFormat(), Qt::PlainText);
        QVERIFY(row.edit->toolTip().contains(QStringLiteral("&lt;b&gt;")));
    }

    void canBeUsedByKeysAndHeard()
    {
        Bench bench;
        bench.add(QStringLiteral("Rack"));
        bench.page->edit(bench.store().profiles().at(0).id);
        bench.form().more()->setOpen(true);
        for (QWidget* widget : bench.page->findChildren<QWidget*>()) {
            if (widget->isVisible() &&
                (qobject_cast<QAbstractButton*>(widget) || qobject_cast<QLineEdit*>(widget) ||
                 qobject_cast<QPlainTextEdit*>(widget))) {
                const auto* button = qobject_cast<QAbstractButton*>(widget);
                const bool isInSpinBox = qobject_cast<QSpinBox*>(widget->parentWidget());
                QVERIFY2(isInSpinBox || !widget->accessibleName().isEmpty() ||
                             (button && !button->text().isEmpty()),
                         widget->metaObject()->className());
            }
        }
        const QList<QWidget*> order{bench.form().nameField(),
                                    bench.form().urlField(),
                                    bench.form().keyField(),
                                    bench.form().headersField(),
                                    bench.form().proxyField(),
                                    bench.form().certificateField(),
                                    bench.form().connectField(),
                                    bench.form().silenceField(),
                                    bench.form().sending()->originals(),
                                    bench.form().group()->nameField(),
                                    bench.form().testButton(),
                                    bench.form().cancelButton(),
                                    bench.form().saveButton()};
        bench.form().proxyChoice()->setCurrentIndex(2);
        bench.form().nameField()->setFocus();
        qsizetype reached = 1;
        for (int i = 0; i < 60 && reached < order.size(); ++i) {
            QTest::keyClick(QApplication::focusWidget(), Qt::Key_Tab);
            QWidget* const focus = QApplication::focusWidget();
            const qsizetype at = order.indexOf(focus);
            if (at >= 0) {
                QCOMPARE(at, reached);
                ++reached;
            }
        }
        QCOMPARE(reached, order.size());
    }

    void standsInTheStatusLine()
    {
        Bench bench;
        const QString id = bench.add(QStringLiteral("Rack"));
        ServerConnection* const connection = bench.book.find(id);
        QTRY_VERIFY_WITH_TIMEOUT(connection->status().isUsable(), 30'000);
        StatusLine line;
        line.resize(1200, 27);
        line.setModel(std::nullopt, false);
        line.show();
        QVERIFY(!line.connection()->isVisible());
        line.setConnection(connection);
        QVERIFY(line.connection()->isVisible());
        QCOMPARE(line.connection()->text(), QStringLiteral("Connected to Rack: Ovis2.5-2B"));
        QCOMPARE(line.connection()->dot(), StatusDot::State::Ready);
        for (const QLabel* label : line.findChildren<QLabel*>())
            QVERIFY(label->text() != line.modelText() || !label->isVisible());
        bench.server.stop();
        QTest::mouseClick(line.connection()->checkNow(), Qt::LeftButton);
        QTRY_VERIFY_WITH_TIMEOUT(
            line.connection()->text().contains(QStringLiteral("Nothing listens at")), 30'000);
        QCOMPARE(line.connection()->dot(), StatusDot::State::Bad);
        QVERIFY(line.height() <= 40);
        bench.page->remove(id); // it goes while it is shown
        QTRY_VERIFY_WITH_TIMEOUT(!line.connection()->isVisible(), 30'000);
        bool isModelShown = false;
        for (const QLabel* label : line.findChildren<QLabel*>())
            isModelShown =
                isModelShown || (label->isVisible() && label->text() == line.modelText());
        QVERIFY(isModelShown);
    }
};

QTEST_MAIN(TestServersPage)
#include "tst_serverspage.moc"
