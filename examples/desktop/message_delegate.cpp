// SPDX-License-Identifier: Apache-2.0
#include "message_delegate.hpp"

#include "words.hpp"

#include <QAbstractItemView>
#include <QHelpEvent>
#include <QPainter>
#include <QTextLayout>
#include <QToolTip>

#include <algorithm>
#include <cmath>

namespace {
constexpr double margin = 10, padding = 9, gap = 3, share_max = 0.78;
} // namespace

/// A paragraph, laid out.
struct MessageDelegate::Part {
    std::unique_ptr<QTextLayout> layout;
    QColor colour;
    double height = 0, width = 0;
};

bool MessageDelegate::own(const godwit::Message& message) const
{
    return message.from == own_;
}

const godwit::FileInfo* MessageDelegate::file(const godwit::FileId& id) const
{
    const auto found = files_.find(id);
    return found == files_.end() ? nullptr : &found->second;
}

QString MessageDelegate::file_text(const godwit::content::FileRef& ref) const
{
    const auto* known = file(ref.id);
    if (known == nullptr || known->state == godwit::FileState::known) return tr("click to fetch");
    if (known->state == godwit::FileState::whole) return tr("click to save");
    const auto share = ref.size_bytes == 0 ? 100 : known->done_bytes * 100 / ref.size_bytes;
    if (known->state == godwit::FileState::paused) return tr("paused at %1 %, click to go on").arg(share);
    if (known->path == godwit::Path::none) return tr("%1 %, waiting for somebody who has it").arg(share);
    return tr("%1 %, %2").arg(share).arg(Words::path(known->path));
}

QString MessageDelegate::foot(const godwit::Message& message) const
{
    auto text = Words::when(own(message) ? message.sent_ms : message.received_ms);
    const auto dot = QStringLiteral(" · ");
    if (message.edited_ms != 0) text += dot + tr("edited");
    if (message.expires_ms != 0) text += dot + tr("goes at %1").arg(Words::when(message.expires_ms));
    if (!own(message)) return text + dot + Words::path(message.path);
    using State = godwit::MessageState;
    const auto mark = message.state == State::delivered ? QStringLiteral("✓✓ ")
                      : message.state == State::sent    ? QStringLiteral("✓ ")
                      : message.state == State::failed  ? QStringLiteral("✗ ")
                                                        : QStringLiteral("… ");
    text += dot + mark + (message.id == read_ ? tr("read") : Words::state(message.state));
    if (message.state == State::failed) return text;
    return message.path == godwit::Path::none ? text : text + dot + Words::path(message.path);
}

std::vector<MessageDelegate::Part> MessageDelegate::parts(const godwit::Message& message,
                                                          const QStyleOptionViewItem& option, double width) const
{
    std::vector<Part> out;
    const auto& palette = option.palette;
    auto faint = palette.color(QPalette::Text);
    faint.setAlphaF(0.62F);
    const auto add = [&](const QString& text, const QColor& colour, double scale = 1, bool italic = false) {
        if (text.isEmpty()) return;
        auto font = option.font;
        font.setPointSizeF(font.pointSizeF() * scale);
        font.setItalic(italic);
        auto shown = text;
        shown.replace(QLatin1Char('\n'), QChar::LineSeparator);
        Part part{std::make_unique<QTextLayout>(shown, font), colour, 0, 0};
        QTextOption wrap;
        wrap.setWrapMode(QTextOption::WrapAtWordBoundaryOrAnywhere);
        part.layout->setTextOption(wrap);
        part.layout->beginLayout();
        for (auto line = part.layout->createLine(); line.isValid(); line = part.layout->createLine()) {
            line.setLineWidth(width);
            line.setPosition({0, part.height});
            part.height += line.height();
            part.width = std::max(part.width, line.naturalTextWidth());
        }
        part.layout->endLayout();
        out.push_back(std::move(part));
    };
    if (message.gap_before) add(tr("A message before this one has not arrived."), faint, 0.85, true);
    if (message.with.empty() && !own(message)) add(Words::of(message.from), palette.color(QPalette::Link), 0.9);
    if (message.forwarded) add(tr("forwarded"), faint, 0.85, true);
    if (message.reply)
        add(QStringLiteral("▏%1: %2").arg(Words::of(message.reply->from), Words::of(message.reply->excerpt)), faint,
            0.9);
    if (message.recalled_ms != 0) {
        add(Words::summary(message), faint, 1, true);
    } else {
        const auto body = Words::body(message);
        if (const auto* attachment = std::get_if<godwit::content::Attachment>(&message.body)) {
            add(QStringLiteral("▤ ") + body, palette.color(QPalette::Text));
            add(file_text(attachment->file), palette.color(QPalette::Link), 0.9);
        } else if (!body.isEmpty()) {
            add(godwit::call_record_of(message) ? QStringLiteral("☎ ") + body : body, palette.color(QPalette::Text));
        }
        if (!godwit::call_record_of(message)) add(Words::of(message.text), palette.color(QPalette::Text));
    }
    QString reactions;
    for (const auto& one : message.reactions)
        reactions += QStringLiteral("%1 %2   ").arg(Words::of(one.emoji)).arg(one.users.size());
    add(reactions.trimmed(), palette.color(QPalette::Text), 0.9);
    add(foot(message), message.state == godwit::MessageState::failed ? QColor(190, 40, 40) : faint, 0.82);
    return out;
}

QSize MessageDelegate::sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const
{
    const auto* message = find_(index.row());
    if (message == nullptr) return {};
    const auto* view = qobject_cast<const QAbstractItemView*>(option.widget);
    const double width = view != nullptr ? view->viewport()->width() : 400;
    double height = 2 * padding + margin;
    for (const auto& part : parts(*message, option, width * share_max - 2 * padding))
        height += part.height + gap;
    return {static_cast<int>(width), static_cast<int>(std::ceil(height))};
}

void MessageDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const
{
    const auto* message = find_(index.row());
    if (message == nullptr) return;
    const double width = option.rect.width();
    const auto all = parts(*message, option, width * share_max - 2 * padding);
    double height = 2 * padding - gap, widest = 0;
    for (const auto& part : all) {
        height += part.height + gap;
        widest = std::max(widest, part.width);
    }
    const double bubble = std::ceil(widest) + 2 * padding;
    const bool mine = own(*message);
    const double left = option.rect.left() + (mine ? width - bubble - margin : margin);
    const QRectF box(left, option.rect.top() + margin / 2, bubble, height);

    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    auto fill = option.palette.color(mine ? QPalette::Highlight : QPalette::Text);
    fill.setAlphaF(mine ? 0.22F : 0.07F);
    painter->setPen(option.state.testFlag(QStyle::State_Selected) ? QPen(option.palette.color(QPalette::Highlight), 1.5)
                                                                  : QPen(Qt::NoPen));
    painter->setBrush(fill);
    painter->drawRoundedRect(box, 10, 10);
    double top = box.top() + padding;
    for (const auto& part : all) {
        painter->setPen(part.colour);
        part.layout->draw(painter, {box.left() + padding, top});
        top += part.height + gap;
    }
    painter->restore();
}

bool MessageDelegate::helpEvent(QHelpEvent* event, QAbstractItemView* view, const QStyleOptionViewItem&,
                                const QModelIndex& index)
{
    const auto* message = find_(index.row());
    if (message == nullptr) return false;
    auto text = Words::path(message->path);
    if (!message->path_reason.empty()) text += QStringLiteral(": ") + Words::of(message->path_reason);
    if (!message->failure.empty()) text += QStringLiteral("\n") + Words::of(message->failure);
    // Escaped: a tooltip that looks like HTML is read as such.
    QToolTip::showText(event->globalPos(), text.toHtmlEscaped(), view);
    return true;
}
