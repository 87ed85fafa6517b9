package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"golang.org/x/crypto/bcrypt"
	"golang.org/x/term"
)

// maxPassword is where bcrypt ends: it would ignore what follows.
const maxPassword = 72

func newPassword(s streams) *cobra.Command {
	return &cobra.Command{
		Use:   "password [NAME]",
		Short: "Hash a password for the users of a route",
		Long: `Hash a password with bcrypt and print the entry for a route's
auth = { users = [...] }. At a terminal it asks twice and shows nothing;
from a pipe it reads one line.`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 || strings.ContainsAny(strings.Join(args, ""), ":\"\\") {
				return usagef("portico password takes one NAME, without colon, quote or backslash")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			name := "NAME"
			if len(args) == 1 {
				name = args[0]
			}
			password, err := readPassword(s)
			if err != nil {
				return err
			}
			return printUser(s.out, name, password)
		},
	}
}

func printUser(w io.Writer, name string, password []byte) error {
	switch {
	case len(password) == 0:
		return errors.New("the password is empty")
	case len(password) > maxPassword:
		return fmt.Errorf("the password is longer than %d bytes, and bcrypt reads no more", maxPassword)
	}
	hash, err := bcrypt.GenerateFromPassword(password, bcrypt.DefaultCost)
	if err != nil {
		return fmt.Errorf("hash the password: %w", err)
	}
	_, err = fmt.Fprintf(w, "%q\n", name+":"+string(hash))
	return err
}

func readPassword(s streams) ([]byte, error) {
	if f, ok := s.in.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return askTwice(f, s.err)
	}
	// Room for the line end and for one byte too many, so that a long line is
	// refused and not cut.
	line, err := bufio.NewReader(io.LimitReader(s.in, maxPassword+3)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read the password: %w", err)
	}
	return []byte(strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")), nil
}

func askTwice(tty *os.File, prompt io.Writer) ([]byte, error) {
	first, err := askHidden(tty, prompt, "password: ")
	if err != nil {
		return nil, err
	}
	second, err := askHidden(tty, prompt, "once more: ")
	if err != nil {
		return nil, err
	}
	if string(first) != string(second) {
		return nil, errors.New("the two passwords differ")
	}
	return first, nil
}

// askHidden reads a line without echo. A signal must not leave the terminal
// without it, so those that end a program are caught while it reads.
func askHidden(tty *os.File, prompt io.Writer, question string) ([]byte, error) {
	fd := int(tty.Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return nil, fmt.Errorf("read the password: %w", err)
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer signal.Stop(stop)
	fmt.Fprint(prompt, question)
	defer fmt.Fprintln(prompt)

	type line struct {
		text []byte
		err  error
	}
	read := make(chan line, 1)
	go func() {
		text, err := term.ReadPassword(fd)
		read <- line{text, err}
	}()
	select {
	case l := <-read:
		if l.err != nil {
			return nil, fmt.Errorf("read the password: %w", l.err)
		}
		return l.text, nil
	case <-stop:
		return nil, errors.Join(errors.New("interrupted"), term.Restore(fd, before))
	}
}
