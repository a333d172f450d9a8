// SPDX-License-Identifier: Apache-2.0
#include "row_delegate.hpp"

#include <QApplication>
#include <QPainter>

namespace {
constexpr int margin = 8, gap = 2, dot = 9, badge_max = 999;
}

QSize RowDelegate::sizeHint(const QStyleOptionViewItem& option, const QModelIndex&) const
{
    return {160, 2 * option.fontMetrics.height() + gap + 2 * margin};
}

void RowDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const
{
    const auto row = find_(index.row());
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    const bool selected = option.state.testFlag(QStyle::State_Selected);
    if (selected) painter->fillRect(option.rect, option.palette.highlight());
    const auto text = option.palette.color(selected ? QPalette::HighlightedText : QPalette::Text);
    auto faint = text;
    faint.setAlphaF(0.65F);
    QRect area = option.rect.adjusted(margin, margin, -margin, -margin);
    if (row.live) {
        painter->setPen(*row.live ? Qt::NoPen : QPen(faint));
        painter->setBrush(*row.live ? QBrush(QColor(46, 160, 67)) : QBrush(Qt::NoBrush));
        painter->drawEllipse(area.left(), area.top() + (option.fontMetrics.height() - dot) / 2, dot, dot);
        area.setLeft(area.left() + dot + margin);
    }
    const int height = option.fontMetrics.height();
    QRect top(area.left(), area.top(), area.width(), height);
    QRect bottom(area.left(), area.top() + height + gap, area.width(), height);

    painter->setPen(faint);
    painter->setFont(option.font);
    painter->drawText(top, Qt::AlignRight | Qt::AlignVCenter, row.right);
    top.setRight(top.right() - option.fontMetrics.horizontalAdvance(row.right) - margin);
    if (row.badge > 0) {
        const auto count = row.badge > badge_max ? QStringLiteral("%1+").arg(badge_max) : QString::number(row.badge);
        const int width = std::max(height, option.fontMetrics.horizontalAdvance(count) + margin);
        const QRect badge(bottom.right() - width, bottom.top(), width, height);
        painter->setPen(Qt::NoPen);
        painter->setBrush(row.quiet ? QColor(140, 140, 140) : QColor(200, 60, 50));
        painter->drawRoundedRect(badge, height / 2.0, height / 2.0);
        painter->setPen(Qt::white);
        painter->drawText(badge, Qt::AlignCenter, count);
        bottom.setRight(badge.left() - margin);
    }
    painter->setPen(faint);
    painter->drawText(bottom, Qt::AlignLeft | Qt::AlignVCenter,
                      option.fontMetrics.elidedText(row.detail, Qt::ElideRight, bottom.width()));
    auto bold = option.font;
    bold.setBold(true);
    painter->setFont(bold);
    painter->setPen(text);
    painter->drawText(top, Qt::AlignLeft | Qt::AlignVCenter,
                      QFontMetrics(bold).elidedText(row.title, Qt::ElideRight, top.width()));
    painter->restore();
}
