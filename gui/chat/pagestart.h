#pragma once

#include <chrono>

namespace argali::gui {

/// How the transcript is to be drawn, and how long its page may take to answer. The variable
/// ARGALI_TRANSCRIPT decides: "software" draws the page without the graphics card, "plain" makes no
/// page at all, "hung" makes one that never answers, to try what happens then.
struct PageStart {
    enum class Drawing { Page, SoftwarePage, Plain };
    Drawing drawing = Drawing::Page;
    bool neverAnswers = false;
    std::chrono::milliseconds limit{3000};

    static constexpr const char* variable = "ARGALI_TRANSCRIPT";
    /// The exit status of a program that is to be started again with a page in software.
    static constexpr int restartStatus = 77;

    static PageStart fromEnvironment();
    /// Tells Chromium and Qt Quick, which read it once in a process.
    /// Thread: before the application object is made.
    void settle() const;
};

} // namespace argali::gui
