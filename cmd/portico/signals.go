package main

import (
	"log/slog"
	"os"
	"os/signal"
	"syscall"
)

// signals is what the process does on each signal. The default action of a
// signal must never end or stop a proxy that others depend on.
type signals struct {
	log    *slog.Logger
	reload func() // SIGHUP
	stop   func() // the first SIGTERM or SIGINT
	exit   func() // the second: at once
}

// start takes the signals over until the function it returns is called. It
// goes on while portico drains, which is when a second SIGTERM counts.
func (s signals) start() (finish func()) {
	caught := make(chan os.Signal, 8)
	signal.Notify(caught, syscall.SIGHUP, syscall.SIGTERM, syscall.SIGINT)
	// Caught and dropped, not ignored: an ignored one would be passed on to
	// programs that portico starts. A closed stderr is then an error of Write.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	// A background process that touches its terminal is stopped, all of it.
	signal.Ignore(syscall.SIGTTOU, syscall.SIGTTIN, syscall.SIGTSTP)

	over, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		s.act(caught, over)
	}()
	return func() {
		// A terminal that hangs up in the last moment must not change the exit
		// code.
		signal.Ignore(syscall.SIGHUP)
		signal.Stop(caught)
		close(over)
		<-done
	}
}

func (s signals) act(caught <-chan os.Signal, over <-chan struct{}) {
	stopping := false
	for {
		select {
		case <-over:
			return
		case sig := <-caught:
			switch {
			case sig == syscall.SIGHUP:
				s.reload()
			case stopping:
				s.exit()
			default:
				stopping = true
				s.log.Info("stopping", "signal", sig.String())
				s.stop()
			}
		}
	}
}
