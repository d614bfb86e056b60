#include <QApplication>
#include <QDoubleSpinBox>
#include <QLabel>
#include <QSignalSpy>
#include <QSlider>
#include <QTest>
#include <QVBoxLayout>

#include "gui/widgets/button.h"
#include "gui/widgets/disclosure.h"
#include "gui/widgets/elidedlabel.h"
#include "gui/widgets/flowlayout.h"
#include "gui/widgets/icon.h"
#include "gui/widgets/segmentedcontrol.h"
#include "gui/widgets/thinbar.h"
#include "gui/widgets/toggleswitch.h"
#include "gui/widgets/valueslider.h"

using namespace argali::gui;

class TestWidgets final : public QObject {
    Q_OBJECT
private slots:
    void sliderClamps()
    {
        ValueSlider slider(QStringLiteral("Budget"), {128, 3968, 32, 0}, 1024);
        QSignalSpy changed(&slider, &ValueSlider::valueChanged);
        QCOMPARE(slider.value(), 1024.0);
        slider.setValue(1000.4); // (1000 - 128) / 32 = 27.25 steps
        QCOMPARE(slider.value(), 1000.0);
        QCOMPARE(slider.slider()->value(), 27);
        slider.setValue(1e9);
        QCOMPARE(slider.value(), 3968.0);
        slider.setValue(-5);
        QCOMPARE(slider.value(), 128.0);
        slider.setValue(std::numeric_limits<double>::quiet_NaN());
        QCOMPARE(slider.value(), 128.0);
        QCOMPARE(changed.count(), 3);
        slider.setValue(128.3); // the same number: no change
        QCOMPARE(changed.count(), 3);
        slider.setTypedMaximum(10'000);
        slider.setValue(20'000);
        QCOMPARE(slider.value(), 10'000.0);
        QCOMPARE(slider.slider()->value(), slider.slider()->maximum());
        QTest::keyClick(slider.slider(), Qt::Key_Left);
        QCOMPARE(slider.value(), 3968.0 - 32);
    }

    void keepsWhatIsBeingTyped()
    {
        ValueSlider slider(QStringLiteral("Budget"), {128, 3968, 32, 0}, 1024);
        slider.show();
        auto* number = slider.findChild<QDoubleSpinBox*>();
        number->setFocus();
        number->selectAll();
        QTest::keyClicks(number, QStringLiteral("20"));
        slider.setDefault(512, QStringLiteral("Back to %1")); // as when a model has been opened
        slider.setValue(1024);
        QCOMPARE(number->text(), QStringLiteral("20"));
        QTest::keyClicks(number, QStringLiteral("48"));
        QTest::keyClick(number, Qt::Key_Return);
        QCOMPARE(slider.value(), 2048.0);
        slider.setValue(1024);
        QCOMPARE(number->text(), QStringLiteral("1024"));
    }

    void sliderByKeyboardAndTyping()
    {
        ValueSlider slider(QStringLiteral("Temperature"), {0, 2, 0.05, 2}, 0.7);
        slider.show();
        QSignalSpy changed(&slider, &ValueSlider::valueChanged);
        QTest::keyClick(slider.slider(), Qt::Key_Right);
        QCOMPARE(slider.value(), 0.75);
        QTest::keyClick(slider.slider(), Qt::Key_Home);
        QCOMPARE(slider.value(), 0.0);
        slider.number()->setFocus();
        slider.number()->selectAll();
        QTest::keyClicks(slider.number(), slider.locale().toString(1.5));
        QCOMPARE(slider.value(), 0.0); // half a number changes nothing
        QTest::keyClick(slider.number(), Qt::Key_Return);
        QCOMPARE(slider.value(), 1.5);
        QCOMPARE(slider.slider()->value(), 30);
        QCOMPARE(changed.count(), 3);
    }

    void sliderByMouseAndBackToDefault()
    {
        ValueSlider slider(QStringLiteral("Top-p"), {0, 1, 0.1, 1}, 1);
        slider.resize(260, 80);
        slider.show();
        QVERIFY(QTest::qWaitForWindowExposed(&slider));
        auto* reset = slider.findChild<Button*>();
        QVERIFY(!reset->isVisible());
        QTest::mouseClick(slider.slider(), Qt::LeftButton, {},
                          QPoint(slider.slider()->width() / 2, slider.slider()->height() / 2));
        QCOMPARE(slider.value(), 0.5);
        QVERIFY(reset->isVisible());
        QTest::mouseClick(reset, Qt::LeftButton);
        QCOMPARE(slider.value(), 1.0);
        QVERIFY(!reset->isVisible());
    }

    void wheelOnlyWithFocus()
    {
        QWidget window;
        auto* column = new QVBoxLayout(&window);
        auto* other = new Button(Button::Kind::Ghost, {}, QStringLiteral("Other"), &window);
        auto* slider = new ValueSlider(QStringLiteral("Top-k"), {0, 200, 1, 0}, 50, &window);
        column->addWidget(other);
        column->addWidget(slider);
        window.show();
        QVERIFY(QTest::qWaitForWindowExposed(&window));
        other->setFocus();
        const auto scroll = [&] {
            QWheelEvent event(QPointF(5, 5), slider->slider()->mapToGlobal(QPointF(5, 5)), {},
                              QPoint(0, 120), Qt::NoButton, Qt::NoModifier, Qt::NoScrollPhase,
                              false);
            QApplication::sendEvent(slider->slider(), &event);
        };
        scroll();
        QCOMPARE(slider->value(), 50.0);
        window.activateWindow();
        slider->slider()->setFocus();
        QTRY_VERIFY(slider->slider()->hasFocus());
        scroll();
        QVERIFY(slider->value() != 50.0);
    }

    void rightToLeftSlider()
    {
        ValueSlider slider(QStringLiteral("Seed"), {0, 100, 1, 0}, 50);
        slider.setLayoutDirection(Qt::RightToLeft);
        slider.resize(260, 80);
        slider.show();
        QVERIFY(QTest::qWaitForWindowExposed(&slider));
        QTest::mouseClick(slider.slider(), Qt::LeftButton, {},
                          QPoint(slider.slider()->width() - 1, slider.slider()->height() / 2));
        QCOMPARE(slider.value(), 0.0);
    }

    void toggleByKeyboardAndMouse()
    {
        ToggleSwitch toggle(QStringLiteral("Thinking"));
        toggle.show();
        QSignalSpy toggled(&toggle, &ToggleSwitch::toggled);
        QTest::keyClick(&toggle, Qt::Key_Space);
        QVERIFY(toggle.isChecked());
        QTest::keyClick(&toggle, Qt::Key_Return);
        QVERIFY(!toggle.isChecked());
        QTest::mouseClick(&toggle, Qt::LeftButton);
        QVERIFY(toggle.isChecked());
        QCOMPARE(toggled.count(), 3);
        toggle.setEnabled(false);
        QTest::mouseClick(&toggle, Qt::LeftButton);
        QVERIFY(toggle.isChecked());
    }

    void toggleLooksDifferentOnAndOff()
    {
        ToggleSwitch toggle(QStringLiteral("Sampling"));
        toggle.resize(toggle.sizeHint());
        const QImage off = toggle.grab().toImage();
        toggle.setChecked(true);
        QVERIFY(toggle.grab().toImage() != off);
    }

    void segmentsExclude()
    {
        SegmentedControl control({QStringLiteral("Picture"), QStringLiteral("Film")});
        control.show();
        QSignalSpy changed(&control, &SegmentedControl::currentChanged);
        QCOMPARE(control.currentIndex(), 0);
        QTest::mouseClick(control.segment(1), Qt::LeftButton);
        QCOMPARE(control.currentIndex(), 1);
        QVERIFY(!control.segment(0)->isChecked());
        control.setCurrentIndex(1);
        control.setCurrentIndex(7);
        QCOMPARE(changed.count(), 1);
        control.activateWindow();
        QVERIFY(QTest::qWaitForWindowActive(&control));
        control.segment(1)->setFocus();
        QTest::keyClick(control.segment(1), Qt::Key_Left);
        QCOMPARE(control.currentIndex(), 0);
    }

    void barShowsItsPart()
    {
        ThinBar bar;
        bar.setProgress(1, 4);
        QCOMPARE(bar.value(), 250);
        bar.setProgress(9, 4);
        QCOMPARE(bar.value(), 1000);
        bar.setProgress(3, 0); // unknown
        QCOMPARE(bar.value(), 0);
        bar.setProgress(-3, 4);
        QCOMPARE(bar.value(), 0);
    }

    void longTextIsCut()
    {
        ElidedLabel label(QString(400, QLatin1Char('x')));
        label.resize(80, 20);
        QVERIFY(label.minimumSizeHint().width() < 80);
        const QImage narrow = label.grab().toImage();
        label.setText(QString(200, QLatin1Char('x'))); // cut at the same place
        QCOMPARE(label.grab().toImage(), narrow);
        label.setText(QStringLiteral("<b>x</b>"));
        QCOMPARE(label.textFormat(), Qt::PlainText);
    }

    void flowWraps()
    {
        QWidget box;
        auto* flow = new FlowLayout(&box, 8);
        for (int i = 0; i < 5; ++i) {
            auto* item = new QWidget;
            item->setFixedSize(50, 20);
            flow->addWidget(item);
        }
        QCOMPARE(flow->heightForWidth(5 * 50 + 4 * 8), 20);
        QCOMPARE(flow->heightForWidth(3 * 50 + 2 * 8), 48);
        QCOMPARE(flow->heightForWidth(40), 5 * 20 + 4 * 8);
        box.resize(3 * 50 + 2 * 8, 48);
        box.show();
        QTRY_COMPARE(flow->itemAt(3)->geometry().topLeft(), QPoint(0, 28));
    }

    void disclosureOpens()
    {
        Disclosure more(QStringLiteral("More"));
        auto* inside = new QLabel(QStringLiteral("inside"));
        more.contentLayout()->addWidget(inside);
        more.show();
        QVERIFY(!inside->isVisible());
        more.setOpen(true);
        QVERIFY(inside->isVisible());
    }

    void buttonsAnswerToEnter()
    {
        Button button(Button::Kind::Primary, QStringLiteral("send"), {});
        button.show();
        QSignalSpy clicked(&button, &Button::clicked);
        QTest::keyClick(&button, Qt::Key_Return);
        QTest::keyClick(&button, Qt::Key_Space);
        QCOMPARE(clicked.count(), 2);
    }

    void iconsTakeTheirColour()
    {
        for (const char* name : {"send", "stop", "picture", "film", "thinking", "folder"}) {
            const QImage red = iconPixmap(QLatin1String(name), 32, Qt::red, 1).toImage();
            int painted = 0;
            for (int y = 0; y < 32; ++y) {
                for (int x = 0; x < 32; ++x) {
                    const QColor c = red.pixelColor(x, y);
                    if (c.alpha() > 200) {
                        ++painted;
                        QVERIFY2(c.red() > 200 && c.blue() < 40, name);
                    }
                }
            }
            QVERIFY2(painted > 20, name);
        }
    }
};

QTEST_MAIN(TestWidgets)
#include "tst_widgets.moc"
