// SPDX-License-Identifier: Apache-2.0
#include "call_panel.hpp"

#include "words.hpp"

#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>
#include <QPushButton>
#include <QTimer>
#include <QVBoxLayout>

#include <algorithm>

namespace request = godwit::request;
namespace happened = godwit::event;

QImage image_of(const godwit::CallPicture& picture)
{
    const int width = picture.width, height = picture.height;
    if (width <= 0 || height <= 0 || picture.i420.size() != godwit::call_picture_bytes(width, height)) return {};
    QImage out(width, height, QImage::Format_RGB32);
    const int half = (width + 1) / 2, lines = (height + 1) / 2;
    const auto* luma = picture.i420.data();
    const auto* u = luma + static_cast<std::ptrdiff_t>(width) * height;
    const auto* v = u + static_cast<std::ptrdiff_t>(half) * lines;
    const auto byte = [](int value) { return std::clamp(value >> 8, 0, 255); };
    for (int row = 0; row < height; ++row) {
        auto* to = reinterpret_cast<QRgb*>(out.scanLine(row));
        for (int column = 0; column < width; ++column) {
            const auto at = static_cast<std::ptrdiff_t>(row / 2) * half + column / 2;
            const int y = 298 * (luma[static_cast<std::ptrdiff_t>(row) * width + column] - 16) + 128;
            const int cb = u[at] - 128, cr = v[at] - 128;
            to[column] = qRgb(byte(y + 409 * cr), byte(y - 100 * cb - 208 * cr), byte(y + 516 * cb));
        }
    }
    return out;
}

void PictureView::show_picture(QImage picture)
{
    picture_ = std::move(picture);
    update();
}

void PictureView::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.fillRect(rect(), Qt::black);
    if (picture_.isNull()) return;
    const auto size = picture_.size().scaled(rect().size(), Qt::KeepAspectRatio);
    QRect to({0, 0}, size);
    to.moveCenter(rect().center());
    painter.setRenderHint(QPainter::SmoothPixmapTransform);
    painter.drawImage(to, picture_);
}

CallPanel::CallPanel(Session& session, godwit::CallDevices devices, QWidget* parent)
    : QWidget(parent), session_(session), devices_(std::move(devices))
{
    state_ = new QLabel;
    state_->setObjectName(QStringLiteral("call_state"));
    state_->setTextFormat(Qt::PlainText);
    how_ = new QLabel;
    how_->setTextFormat(Qt::PlainText);
    answer_ = new QPushButton;
    answer_->setObjectName(QStringLiteral("answer"));
    hang_up_ = new QPushButton;
    hang_up_->setObjectName(QStringLiteral("hang_up"));
    mute_ = new QPushButton;
    mute_->setObjectName(QStringLiteral("mute"));
    view_ = new PictureView;
    view_->setMinimumHeight(180);
    auto* row = new QHBoxLayout;
    row->addWidget(state_);
    row->addWidget(how_, 1);
    row->addWidget(answer_);
    row->addWidget(mute_);
    row->addWidget(hang_up_);
    auto* all = new QVBoxLayout(this);
    all->addLayout(row);
    all->addWidget(view_);

    connect(answer_, &QPushButton::clicked, this, [this] {
        if (call_) session_.ask(request::CallAnswer{call_->id, call_->video, devices_});
    });
    connect(hang_up_, &QPushButton::clicked, this, [this] {
        if (call_) session_.ask(request::CallHangUp{call_->id});
    });
    connect(mute_, &QPushButton::clicked, this, [this] { flip_muted(); });
    pictures_ = new QTimer(this);
    pictures_->setInterval(33);
    connect(pictures_, &QTimer::timeout, this, [this] { pull_picture(); });
    seconds_ = new QTimer(this);
    seconds_->setInterval(1000);
    connect(seconds_, &QTimer::timeout, this, [this] { show_state(); });
    show_state();
}

void CallPanel::place(const request::Where& where, bool video)
{
    request::CallPlace place;
    place.to = where.with;
    place.conversation = where.conversation;
    place.video = video;
    place.devices = devices_;
    session_.ask(std::move(place));
}

void CallPanel::flip_muted()
{
    if (!call_) return;
    request::CallSetMedia set;
    set.call = call_->id;
    set.muted = !call_->own.muted;
    session_.ask(std::move(set), this, [this, muted = *set.muted](const happened::Reply& reply) {
        if (reply.error.code != godwit::ErrorCode::ok) return emit session_.failed(reply.error);
        if (call_) call_->own.muted = muted;
        show_state();
    });
}

void CallPanel::take(const godwit::Event& event)
{
    if (const auto* in = std::get_if<happened::CallIncoming>(&event)) {
        // A second one rings at most in the conversation's list; this panel is of one call.
        if (!call_) set_call(in->call);
    }
    if (const auto* changed = std::get_if<happened::CallChanged>(&event)) {
        const bool other = call_ && call_->id != changed->call.id;
        if (!other || call_->state == godwit::CallState::ringing) set_call(changed->call);
    }
    if (const auto* media = std::get_if<happened::CallPeerMedia>(&event))
        if (call_ && call_->id == media->call.id) set_call(media->call);
    if (const auto* member = std::get_if<happened::CallMemberChanged>(&event))
        if (call_ && call_->id == member->call.id) set_call(member->call);
    if (const auto* quality = std::get_if<happened::CallQuality>(&event))
        if (call_ && call_->id == quality->call) {
            quality_ = quality->statistics;
            show_state();
        }
    if (const auto* ended = std::get_if<happened::CallEnded>(&event)) end(*ended);
}

void CallPanel::set_call(const godwit::CallInfo& call)
{
    call_ = call;
    since_.start();
    if (call.state == godwit::CallState::active) {
        if (!sound_) sound_ = start_sound(session_.client(), call.id, devices_);
        pictures_->start();
        seconds_->start();
    }
    show_state();
}

void CallPanel::end(const happened::CallEnded& ended)
{
    if (!call_ || call_->id != ended.call.id) return;
    sound_.reset();
    call_.reset();
    quality_.reset();
    pictures_->stop();
    seconds_->stop();
    view_->show_picture({});
    show_state();
    emit told(tr("%1: %2").arg(Words::of(ended.call.with), Words::outcome(ended.outcome)));
}

void CallPanel::pull_picture()
{
    if (!call_ || devices_.video_sink != "app") return;
    const auto picture = session_.client().pull_picture(call_->id);
    if (picture) view_->show_picture(image_of(*picture));
}

void CallPanel::show_state()
{
    answer_->setText(tr("Answer"));
    setVisible(call_.has_value());
    if (!call_) return;
    const bool active = call_->state == godwit::CallState::active;
    // Of a group: one that goes on without this device may be joined whenever.
    const bool rings =
        (call_->incoming && call_->state == godwit::CallState::ringing) || call_->state == godwit::CallState::open;
    auto text = Words::call_state(*call_);
    if (active)
        text += QStringLiteral(" · ") + Words::minutes(call_->active_ms + static_cast<std::uint64_t>(since_.elapsed()));
    state_->setText(text);
    QString how;
    if (call_->group) how += tr("%n other(s)", nullptr, static_cast<int>(call_->members.size())) + QLatin1Char(' ');
    if (active && call_->theirs.muted) how += tr("they are muted") + QLatin1Char(' ');
    if (active && quality_)
        how += tr("%1, %2 ms, %3 % lost, quality %4 of 4.5")
                   .arg(Words::path(quality_->path))
                   .arg(quality_->round_trip_ms, 0, 'f', 0)
                   .arg(quality_->loss_there * 100, 0, 'f', 1)
                   .arg(quality_->mos, 0, 'f', 1);
    if (active && !has_sound() && devices_.audio_source != "tone") how += tr("this build has no sound card");
    how_->setText(how);
    answer_->setVisible(rings);
    mute_->setVisible(active);
    mute_->setText(call_->own.muted ? tr("Speak") : tr("Mute"));
    hang_up_->setText(rings ? tr("Decline") : tr("Hang up"));
    bool pictures = call_->theirs.camera || call_->theirs.screen;
    for (const auto& member : call_->members)
        pictures = pictures || member.media.camera || member.media.screen;
    view_->setVisible(active && pictures);
}

void CallPanel::changeEvent(QEvent* event)
{
    if (event->type() == QEvent::LanguageChange) show_state();
    QWidget::changeEvent(event);
}
