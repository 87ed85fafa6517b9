package main

import (
	"fmt"
	"net"
	"os"
	"os/user"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"
)

// controlGroup names the group whose members may use the control socket.
const controlGroup = "portico"

// gate decides who may use the control socket: root, the user portico runs
// as, and the members of the group, where the system has one.
type gate struct {
	uid   int
	group *user.Group // nil without one
}

func newGate() gate {
	g := gate{uid: os.Geteuid()}
	if group, err := user.LookupGroup(controlGroup); err == nil {
		g.group = group
	}
	return g
}

// restrict gives the socket's file to the group where there is one and this
// process may do so, and otherwise to its own user alone.
func (g gate) restrict(path string) error {
	if g.group != nil {
		gid, err := strconv.Atoi(g.group.Gid)
		if err == nil && os.Chown(path, -1, gid) == nil {
			return os.Chmod(path, 0o660)
		}
	}
	return os.Chmod(path, 0o600)
}

// admit returns the peer's user name, or an error where it may not come in.
// The file's permissions alone do not do: between making the socket and
// restricting it there is a moment.
func (g gate) admit(conn *net.UnixConn) (string, error) {
	peer, err := credentials(conn)
	if err != nil {
		return "", fmt.Errorf("who asks: %w", err)
	}
	name := fmt.Sprintf("uid %d", peer.Uid)
	account, err := user.LookupId(strconv.Itoa(int(peer.Uid)))
	if err == nil {
		name = account.Username
	}
	if peer.Uid == 0 || int(peer.Uid) == g.uid || g.member(account, peer.Gid) {
		return name, nil
	}
	return "", fmt.Errorf("%s is neither root nor the user portico runs as, nor in the group %s", name, controlGroup)
}

// member looks at the groups an account has, as /etc/group says, and at the
// group the process runs under, which sg(1) can set. account may be nil.
func (g gate) member(account *user.User, gid uint32) bool {
	if g.group == nil {
		return false
	}
	if strconv.Itoa(int(gid)) == g.group.Gid {
		return true
	}
	if account == nil {
		return false
	}
	ids, err := account.GroupIds()
	return err == nil && slices.Contains(ids, g.group.Gid)
}

// credentials are the peer's as they were when it connected (SO_PEERCRED).
func credentials(conn *net.UnixConn) (*unix.Ucred, error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return nil, err
	}
	var peer *unix.Ucred
	var failure error
	if err := raw.Control(func(fd uintptr) {
		peer, failure = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	}); err != nil {
		return nil, err
	}
	return peer, failure
}
