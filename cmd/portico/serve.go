package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"forge.home.arpa/portico/assets"
	"forge.home.arpa/portico/config"
	"forge.home.arpa/portico/ddns"
	"forge.home.arpa/portico/proxy"
)

// serveOptions are the flags of `portico run`.
type serveOptions struct {
	headless, strict bool
	console          string
	looks            looks
}

func newRun(s streams, at *places) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Serve; at a terminal, with the console (the default command)",
		Args:  exactly(),
	}
	serveCommand(cmd, s, at)
	return cmd
}

// serveCommand makes cmd serve: both `portico` and `portico run` do.
func serveCommand(cmd *cobra.Command, s streams, at *places) {
	o := serveOptions{}
	cmd.Flags().BoolVar(&o.headless, "headless", false, "no console here; portico attach opens one")
	cmd.Flags().StringVar(&o.console, "console", "", "draw the console on `TTY`, as /dev/tty1")
	cmd.Flags().BoolVar(&o.strict, "strict", false, "do not start from the last good configuration where the file is broken")
	o.looks.flags(cmd)
	completeFlag(cmd, "console", aFile)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := o.looks.check(); err != nil {
			return err
		}
		book := newLogbook(s.err)
		defer book.start()()
		sv := &service{streams: s, at: at, book: book, log: slog.New(slog.NewTextHandler(book, nil))}
		sv.systemd = systemd{sv.log}
		return sv.serve(cmd.Context(), o)
	}
}

// service is one running portico.
type service struct {
	streams
	at      *places
	book    *logbook
	log     *slog.Logger
	systemd systemd

	server  *proxy.Server
	ddns    *ddns.Service
	admin   *admin
	ports   *ports
	store   *config.Store
	control *control // nil where no socket could be made
	notices []string // what the start could not do, for the console

	stateDir string // "" where there is none
}

// serve builds all of it, runs it until ctx ends or a signal stops it, and
// returns when every job has.
func (sv *service) serve(ctx context.Context, o serveOptions) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	reload := make(chan struct{}, 1)
	f := sv.openFront(o)
	caught := signals{
		log:    sv.log,
		reload: func() { nudge(reload) },
		stop:   stop,
		exit:   func() { f.restore(); os.Exit(1) },
	}
	defer caught.start()()

	lock, err := sv.openState()
	if err != nil {
		return err
	}
	if lock != nil {
		defer lock.Close()
	}
	if err := sv.openStore(lock, o.strict); err != nil {
		return err
	}
	if err := sv.openControl(lock); err != nil {
		return err
	}
	return sv.run(ctx, reload, f, o)
}

func (sv *service) openState() (*state, error) {
	dir, err := sv.at.stateDir()
	if err != nil {
		sv.notice(err)
		return nil, nil
	}
	s, err := openState(dir)
	var held *heldError
	if errors.As(err, &held) {
		return nil, err
	}
	if err != nil {
		sv.notice(fmt.Errorf("%w; no lock and no history are kept", err))
		return nil, nil
	}
	return s, nil
}

// openStore reads the configuration and puts it in force, or the last good one
// where it cannot run.
func (sv *service) openStore(lock *state, strict bool) error {
	path, found, err := sv.at.configFile()
	if err != nil {
		return err
	}
	sv.stateDir = lock.directory()
	sv.ddns = ddns.New(ddns.Options{Log: sv.log, State: sv.stateDir,
		Gateways: func() []netip.Addr { return sv.server.Gateways() },
		Found:    func(home []netip.Addr) { sv.server.SetHome(home) }})
	sv.server = proxy.New(proxy.Options{Log: sv.log, State: sv.stateDir, World: homeWorld{sv.ddns}, TXT: sv.ddns})
	sv.admin = newAdmin(sv.log, sv.server)
	sv.ports = newPorts(sv)
	sv.store, err = config.Open(config.Options{
		Path: path, Starter: assets.Starter, Log: sv.log, State: sv.stateDir, Strict: strict,
	}, listening{sv.server}, sv.admin, sv.ddns, sv.ports)
	if err != nil && found {
		return listProblems(sv.err, path, err)
	}
	if err != nil {
		if err = listProblems(sv.err, starterName, err); errors.Is(err, errSilent) {
			err = fmt.Errorf("no configuration was found, and the starter cannot run here: portico init writes %s, to be changed", path)
		}
		return err
	}
	for _, w := range sv.store.Current().Warnings {
		sv.log.Warn("configuration", "problem", path+":"+w.String())
	}
	if !found {
		sv.log.Info("no configuration was found: the starter runs, and the first edit writes it", "file", path)
	}
	return nil
}

// openControl makes the control socket. Without one portico serves all the
// same, unless it was named: then a script waits for it.
func (sv *service) openControl(lock *state) error {
	path := sv.at.serviceSocket(lock.directory())
	if path == "" {
		sv.notice(errors.New("no control socket: there is no place for one (name one with --socket)"))
		return nil
	}
	g := newGate()
	listener, err := listenControl(path, lock != nil, g)
	if err != nil {
		if sv.at.namedSocket() != "" {
			return err
		}
		sv.notice(err)
		return nil
	}
	sv.control = &control{listener: listener, gate: g, log: sv.log, commands: map[string]command{
		"status":  sv.statusCommand(),
		"attach":  sv.attachCommand(),
		"history": sv.historyCommand(),
		"diff":    sv.diffCommand(),
		"explain": sv.explainCommand(),
		"change":  sv.changeCommand(),
		"keep":    sv.decideCommand(true),
		"back":    sv.decideCommand(false),
		"ddns":    sv.ddnsCommand(),
		"update":  sv.updateCommand(),
		"certs":   sv.certsCommand(),
		"trust":   sv.trustCommand(),
		"doctor":  sv.doctorCommand(),
	}}
	return nil
}

// notice warns of something a person should see to, here and in the console.
func (sv *service) notice(err error) {
	sv.log.Warn("start", "error", err)
	sv.notices = append(sv.notices, err.Error())
}

// run is every long job under one group. It returns when all have ended: the
// proxy is the last, because it drains.
func (sv *service) run(ctx context.Context, reload <-chan struct{}, f *front, o serveOptions) error {
	jobs, ctx := errgroup.WithContext(ctx)
	jobs.Go(func() error { return sv.server.Run(ctx) })
	jobs.Go(func() error { return sv.admin.Run(ctx) })
	jobs.Go(func() error { return sv.ddns.Run(ctx) })
	jobs.Go(func() error { return sv.ports.Run(ctx) })
	jobs.Go(func() error { return sv.store.Run(ctx) })
	jobs.Go(func() error { return newAlerter(sv, sv.stateDir).Run(ctx) })
	jobs.Go(func() error { return sv.reloads(ctx, reload) })
	jobs.Go(func() error { return sv.systemd.Watch(ctx, func() { sv.server.Status() }) })
	if sv.control != nil {
		jobs.Go(func() error { return sv.control.Run(ctx) })
	}
	switch {
	case o.console != "":
		jobs.Go(func() error { return sv.display(ctx, o) })
	case f != nil:
		jobs.Go(func() error { return sv.foreground(ctx, f, o) })
	}
	sv.started()
	defer context.AfterFunc(ctx, sv.systemd.Stopping)()
	err := jobs.Wait()
	sv.log.Info("stopped")
	return err
}

func (sv *service) started() {
	var addresses []string
	for _, l := range sv.server.Status().Listeners {
		addresses = append(addresses, firstOf(l.Bound, l.Address))
	}
	socket := ""
	if sv.control != nil {
		socket = sv.control.path()
	}
	sv.log.Info("serving", "version", version(), "config", sv.store.Path(), "listen", addresses, "socket", socket)
	sv.systemd.Ready()
}

// reloads reads the file again at each SIGHUP; several at once are one.
func (sv *service) reloads(ctx context.Context, asked <-chan struct{}) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-asked:
			sv.systemd.Reloading()
			sv.reload(ctx)
			sv.systemd.Ready()
		}
	}
}

func (sv *service) reload(ctx context.Context) {
	err := sv.store.Reload(ctx)
	var problems config.Problems
	switch {
	case err == nil:
		sv.log.Info("reloaded", "file", sv.store.Path())
	case errors.As(err, &problems):
		// The store has logged each when it first saw it.
		sv.log.Warn("not reloaded, the running configuration stays; portico check lists why",
			"file", sv.store.Path(), "problems", len(problems.Errors()))
	default:
		sv.log.Warn("not reloaded, the running configuration stays", "error", err)
	}
}

// nudge puts an event where one is enough.
func nudge(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
