package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
)

// systemd tells the service manager how portico is. Without one (no
// NOTIFY_SOCKET) it says nothing.
type systemd struct{ log *slog.Logger }

func (s systemd) Ready()    { s.say(daemon.SdNotifyReady) }
func (s systemd) Stopping() { s.say(daemon.SdNotifyStopping) }

// Reloading is followed by Ready. The time is what Type=notify-reload asks for.
func (s systemd) Reloading() { s.say(daemon.SdNotifyReloading + "\n" + daemon.SdNotifyMonotonicUsec()) }

func (s systemd) say(state string) {
	if _, err := daemon.SdNotify(false, state); err != nil {
		s.log.Warn("systemd was not told", "state", state, "error", err)
	}
}

// Watch feeds the watchdog, where the unit has one, for as long as alive
// returns: a proxy that hangs is then restarted.
func (s systemd) Watch(ctx context.Context, alive func()) error {
	every, err := daemon.SdWatchdogEnabled(false)
	if err != nil {
		s.log.Warn("no watchdog", "error", err)
	}
	if every <= 0 {
		return nil
	}
	tick := time.NewTicker(every / 2)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			alive()
			s.say(daemon.SdNotifyWatchdog)
		}
	}
}
