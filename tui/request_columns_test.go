package tui

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"forge.home.arpa/portico/proxy/record"
)

// TestColumnsByWidth: a wider window never shows less of where a request went:
// from 53 columns on there are always the host and the path, and from 60 on the
// method, with the date too.
func TestColumnsByWidth(t *testing.T) {
	for _, days := range []int{0, 1} {
		now := time.Date(2000, 1, 2, 12, 8, 0, 0, time.UTC)
		m := &model{o: modelOptions{Now: func() time.Time { return now.AddDate(0, 0, days) }}}
		today := row(0)
		today.Start = now.UnixNano()
		for w := 53; w <= 200; w++ {
			t.Run(fmt.Sprintf("%d days %d", days, w), func(t *testing.T) {
				var titles []string
				for _, c := range arrange(usual.columns(m, []record.Row{today}, w), w, 0) {
					titles = append(titles, c.title)
				}
				want := []string{"TIME", "ST", "MS", "HOST", "PATH"}
				if w >= 60 {
					want = append(want, "M")
				}
				for _, title := range want {
					if !slices.Contains(titles, title) {
						t.Errorf("%s is not among %v", title, titles)
					}
				}
			})
		}
	}
}
