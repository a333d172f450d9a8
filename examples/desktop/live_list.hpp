// SPDX-License-Identifier: Apache-2.0
// A list that godwit keeps up to date (request::Watch), as a model for Qt's views: a step there is a step here, so
// selection and scroll position stay where they are.
#pragma once

#include <godwit/event.hpp>

#include <QAbstractListModel>

#include <functional>
#include <variant>
#include <vector>

template <class Item>
class LiveList : public QAbstractListModel {
public:
    /// What stands for an item where there is only text: keyboard search, screen readers.
    using Text = std::function<QString(const Item&)>;
    explicit LiveList(Text text, QObject* parent = nullptr) : QAbstractListModel(parent), text_(std::move(text)) {}

    [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override
    {
        return parent.isValid() ? 0 : static_cast<int>(items_.size());
    }
    [[nodiscard]] QVariant data(const QModelIndex& index, int role) const override
    {
        const auto* item = at(index.row());
        if (item == nullptr || (role != Qt::DisplayRole && role != Qt::AccessibleTextRole)) return {};
        return text_(*item);
    }
    [[nodiscard]] const Item* at(int row) const
    {
        return row >= 0 && row < static_cast<int>(items_.size()) ? &items_[static_cast<std::size_t>(row)] : nullptr;
    }
    [[nodiscard]] const std::vector<Item>& items() const { return items_; }
    /// The row of the first item that `is` likes; -1: none.
    template <class Predicate>
    [[nodiscard]] int row_of(Predicate is) const
    {
        for (std::size_t i = 0; i < items_.size(); ++i)
            if (is(items_[i])) return static_cast<int>(i);
        return -1;
    }

    void clear()
    {
        beginResetModel();
        items_.clear();
        endResetModel();
    }
    void apply(const godwit::event::ViewChanged& change)
    {
        for (const auto& step : change.steps)
            apply(step);
    }
    /// The same items, by `key`, as they stand now; the list itself stays as it is.
    template <class Key>
    void replace(const std::vector<Item>& now, Key key)
    {
        for (auto& mine : items_)
            for (const auto& one : now)
                if (key(one) == key(mine)) mine = one;
        repaint();
    }
    /// Something that is shown of each has changed elsewhere.
    void repaint()
    {
        if (!items_.empty()) emit dataChanged(index(0), index(rowCount() - 1));
    }

private:
    void apply(const godwit::event::ViewChanged::Step& step)
    {
        using Op = godwit::event::ViewChanged::Step::Op;
        const auto at = static_cast<std::size_t>(step.index), size = items_.size();
        const int row = static_cast<int>(step.index);
        const auto* item = std::get_if<Item>(&step.item);
        switch (step.op) {
        case Op::insert:
            if (item == nullptr || at > size) return;
            beginInsertRows({}, row, row);
            items_.insert(items_.begin() + row, *item);
            endInsertRows();
            return;
        case Op::update:
            if (item == nullptr || at >= size) return;
            items_[at] = *item;
            emit dataChanged(index(row), index(row));
            return;
        case Op::remove:
            if (at >= size) return;
            beginRemoveRows({}, row, row);
            items_.erase(items_.begin() + row);
            endRemoveRows();
            return;
        case Op::move: {
            const int from = static_cast<int>(step.from);
            if (step.from >= size || at >= size || from == row) return;
            // Qt names the row before which it comes to stand, counted before it is taken out.
            beginMoveRows({}, from, from, {}, row > from ? row + 1 : row);
            Item moved = std::move(items_[step.from]);
            items_.erase(items_.begin() + from);
            items_.insert(items_.begin() + row, std::move(moved));
            endMoveRows();
            return;
        }
        }
    }

    Text text_;
    std::vector<Item> items_;
};
