// SPDX-License-Identifier: Apache-2.0
// The call that this device is in, or that rings: its state, what can be done about it, how it goes, the other side's
// pictures. Hidden when there is none.
#pragma once

#include "session.hpp"
#include "sound.hpp"

#include <QElapsedTimer>
#include <QImage>
#include <QWidget>

#include <memory>
#include <optional>

class QLabel;
class QPushButton;
class QTimer;

/// The newest picture, as large as there is room.
class PictureView : public QWidget {
public:
    using QWidget::QWidget;
    void show_picture(QImage picture);
    [[nodiscard]] const QImage& picture() const { return picture_; }

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    QImage picture_;
};

class CallPanel : public QWidget {
    Q_OBJECT
public:
    /// `devices`: where sound and pictures come from; "app" is the sound card, where this build has one.
    CallPanel(Session& session, godwit::CallDevices devices, QWidget* parent = nullptr);

    void place(const godwit::request::Where& where, bool video);
    void take(const godwit::Event& event);
    [[nodiscard]] const std::optional<godwit::CallInfo>& call() const { return call_; }
    [[nodiscard]] const QImage& picture() const { return view_->picture(); }

signals:
    /// A line about a call that is over.
    void told(const QString& text);

protected:
    void changeEvent(QEvent* event) override;

private:
    void set_call(const godwit::CallInfo& call);
    void end(const godwit::event::CallEnded& ended);
    void flip_muted();
    void pull_picture();
    void show_state();

    Session& session_;
    godwit::CallDevices devices_;
    std::optional<godwit::CallInfo> call_;
    std::optional<godwit::CallStatistics> quality_;
    std::unique_ptr<CallSound> sound_;
    QLabel *state_, *how_;
    QPushButton *answer_, *hang_up_, *mute_;
    PictureView* view_;
    QTimer *pictures_, *seconds_;
    QElapsedTimer since_; ///< When active_ms of call_ was told.
};

/// BT.601, as godwit/media.hpp says.
[[nodiscard]] QImage image_of(const godwit::CallPicture& picture);
