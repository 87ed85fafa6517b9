package tui

import (
	"fmt"
	"slices"
)

// headerItem is a figure of the first line; rank 1 stays longest.
type headerItem struct {
	rank int
	text text
}

// drawHeader draws the live rates and the worst of what is wrong, as much as
// fits.
func (m *model) drawHeader(p *pen) {
	p.text(say("portico"))
	if !m.facts.known {
		return
	}
	worst := m.worst()
	for _, it := range m.fittingItems(worst.width(m.look), p.room()) {
		p.put(plain, "  ").text(it.text)
	}
	if len(worst) > 0 && p.room() >= leastNews {
		p.put(plain, "  ").text(worst)
	}
}

const (
	keptFigures = 4  // stay although there is much to say
	mostNews    = 26 // cells that what is wrong has before them
	leastNews   = 14 // cells; fewer would be cut beyond meaning
)

// fittingItems drops the least of the figures until the others fit. What is
// wrong is worth more than the finer ones, and stands beside the first of all
// on the narrowest window.
func (m *model) fittingItems(news, room int) []headerItem {
	items := m.headerItems()
	if news > 0 {
		news += 2
	}
	for len(items) > 1 {
		need := news
		if len(items) <= keptFigures {
			need = min(news, 2+mostNews)
		}
		if headerWidth(m.look, items)+need <= room {
			break
		}
		items = withoutLeast(items)
	}
	return items
}

// worst is the worst of what is wrong, in short.
func (m *model) worst() text {
	for _, n := range m.facts.news(m.o.Now()) {
		if n.short != "" {
			return say(n.tone, n.short)
		}
	}
	return nil
}

func (m *model) headerItems() []headerItem {
	r := m.facts.status.Total
	items := []headerItem{
		{1, say(perSecond(r.PerSecond) + "/s")},
		{10, say(shortBytes(int64(r.BytesPerSecond)) + "B/s")},
	}
	if r.Recent > 0 {
		items = append(items,
			headerItem{11, say("p50 " + unitDuration(r.P50))},
			headerItem{6, say("p95 " + unitDuration(r.P95))},
			headerItem{9, say("p99 " + unitDuration(r.P99))})
	}
	errors := plain
	if r.Errors > 0 {
		errors = bad
	}
	items = append(items, headerItem{3, say("5xx ", errors, percent(r.Errors))})
	if up, all := m.facts.up(); all > 0 {
		t := say(fmt.Sprintf("up %d/%d", up, all))
		if up < all {
			t = say("up ", bad, fmt.Sprintf("%d/%d!", up, all))
		}
		items = append(items, headerItem{2, t})
	}
	return append(items, m.facts.lockItems(m.o.Now())...)
}

func headerWidth(l *look, items []headerItem) int {
	n := 0
	for _, it := range items {
		n += 2 + it.text.width(l)
	}
	return n
}

func withoutLeast(items []headerItem) []headerItem {
	least := 0
	for i, it := range items {
		if it.rank > items[least].rank {
			least = i
		}
	}
	return slices.Delete(slices.Clone(items), least, least+1)
}
