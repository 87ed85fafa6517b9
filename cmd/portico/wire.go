package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// The control protocol, one exchange a connection. Client and service are the
// same binary, but an older one may ask a newer: unknown members are passed
// over, unknown commands are answered with an error.
//
//	client   one line of JSON, a request; with it, for attach, two open files
//	         of its terminal (SCM_RIGHTS): input, then output
//	service  one line of JSON, an answer
//
// After an attach was accepted (an answer without error) the connection stays:
//
//	client   one byte each time the terminal's size changed
//	service  one more answer, with `left`, when the console ended
//
// and the end of either side ends the console.
//
// After a change was proposed (an answer with `proposal`) it stays too:
//
//	client   the byte y, to make the change; all else, and its end, drops it
//	service  one more answer, with `made`
//
// Lines are bounded, and each must come before its deadline.
const (
	requestLimit  = 64 << 10 // a URL that is explained is one of a request's head
	answerLimit   = 64 << 20
	requestWait   = 5 * time.Second
	answerWait    = 10 * time.Second
	agreeWait     = 5 * time.Minute // in which a person says yes to a change
	terminalFiles = 2
)

// request asks for one command.
type request struct {
	Command string            `json:"command"`
	Env     map[string]string `json:"env,omitempty"` // of attach; see consoleEnv
	Looks   looks             `json:"looks"`         // of attach
	// Config is the absolute path of the configuration that is meant, "" for
	// whichever runs; of history, diff, explain, change, keep and back.
	Config  string   `json:"config,omitempty"`
	Edit    *edit    `json:"edit,omitempty"`    // of change
	Explain *askedOf `json:"explain,omitempty"` // of explain
	Version int      `json:"version,omitempty"` // of diff; 0 is the newest
	Table   string   `json:"table,omitempty"`   // of update: a [ddns.NAME], "" for all
	Host    string   `json:"host,omitempty"`    // of certs: try now; of doctor: visit from outside
}

// answer is an error, or what the command gives.
type answer struct {
	Error     string        `json:"error,omitempty"`
	Status    *report       `json:"status,omitempty"`
	Left      string        `json:"left,omitempty"`
	History   []versionJSON `json:"history,omitempty"`
	Diff      *versionDiff  `json:"diff,omitempty"`
	Proposal  *proposal     `json:"proposal,omitempty"`
	Made      *made         `json:"made,omitempty"`
	Explained *explanation  `json:"explained,omitempty"`
	DDNS      []ddnsReport  `json:"ddns,omitempty"`
	Certs     []certReport  `json:"certs,omitempty"`
	Root      string        `json:"root,omitempty"`
	Findings  []finding     `json:"findings,omitempty"`
}

// problem is what the service says is wrong.
func (a answer) problem() error {
	if a.Error == "" {
		return nil
	}
	return errors.New(a.Error)
}

// send writes one line, and passes open files with its first byte.
func send(conn *net.UnixConn, wait time.Duration, line any, fds ...int) error {
	text, err := json.Marshal(line)
	if err != nil {
		return err
	}
	if err := conn.SetWriteDeadline(time.Now().Add(wait)); err != nil {
		return err
	}
	text = append(text, '\n')
	if len(fds) > 0 {
		n, _, err := conn.WriteMsgUnix(text, unix.UnixRights(fds...), nil)
		if err != nil {
			return err
		}
		text = text[n:]
	}
	_, err = conn.Write(text)
	return err
}

// readRequest reads a request and the files that came with it.
func readRequest(conn *net.UnixConn) (r request, files []*os.File, err error) {
	if err := conn.SetReadDeadline(time.Now().Add(requestWait)); err != nil {
		return r, nil, err
	}
	line, files, err := readLine(conn)
	if err == nil {
		err = json.Unmarshal(line, &r)
	}
	if err != nil {
		closeAll(files)
		return r, nil, fmt.Errorf("read the request: %w", err)
	}
	return r, files, nil
}

// readLine reads what ends in a line end. The client sends nothing behind it
// before it has its answer.
func readLine(conn *net.UnixConn) (line []byte, files []*os.File, err error) {
	part, rights := make([]byte, 4096), make([]byte, unix.CmsgSpace(4*terminalFiles))
	for !bytes.HasSuffix(line, []byte("\n")) {
		n, oobn, _, _, err := conn.ReadMsgUnix(part, rights)
		files = append(files, takeFiles(rights[:oobn])...)
		line = append(line, part[:n]...)
		switch {
		case err != nil:
			return nil, files, err
		case n == 0:
			return nil, files, io.ErrUnexpectedEOF
		case len(line) > requestLimit:
			return nil, files, fmt.Errorf("longer than %d bytes", requestLimit)
		case len(files) > terminalFiles:
			return nil, files, errors.New("too many files came with it")
		}
	}
	return line, files, nil
}

// takeFiles takes over the files of a control message. The kernel has set
// close-on-exec on them, and closed those that found no room.
func takeFiles(rights []byte) (files []*os.File) {
	messages, err := unix.ParseSocketControlMessage(rights)
	if err != nil {
		return nil
	}
	for _, m := range messages {
		fds, err := unix.ParseUnixRights(&m)
		if err != nil {
			continue
		}
		for _, fd := range fds {
			files = append(files, os.NewFile(uintptr(fd), "terminal"))
		}
	}
	return files
}

func closeAll(files []*os.File) {
	for _, f := range files {
		f.Close()
	}
}
