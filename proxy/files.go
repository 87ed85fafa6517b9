package proxy

import (
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"forge.home.arpa/portico/proxy/http1"
	"forge.home.arpa/portico/proxy/record"
)

// fileServer finds and sends the files of one folder. The folder is opened anew
// for each request: it may come later than we do, be replaced, or lie on a disk
// that somebody wants to unplug.
type fileServer struct {
	dir    string
	list   bool                   // folders without an index are listed
	secret func(name string) bool // files that are never shown, beside the hidden ones; may be nil
}

// indexName is what answers for a folder.
const indexName = "index.html"

// found is what a path names: a file, a folder to be listed, or nothing but a
// folder whose name lacks its slash.
type found struct {
	*os.File
	info     fs.FileInfo
	name     string // below the folder, for its type and for people
	addSlash bool   // redirect to the same path with a slash; File is nil
}

var (
	errHidden  = errors.New("hidden files are never served")
	errSpecial = errors.New("neither a file nor a folder")
	errName    = errors.New("no name of a file")
)

// folderError says that the whole folder cannot be had.
type folderError struct{ err error }

func (e *folderError) Error() string { return "the folder cannot be opened: " + e.err.Error() }
func (e *folderError) Unwrap() error { return e.err }

// find opens what a path, as it would be sent to an upstream, names. The caller
// closes it.
func (s *fileServer) find(path []byte) (found, error) {
	name, err := s.nameOf(path)
	if err != nil {
		return found{}, err
	}
	root, err := os.OpenRoot(s.dir)
	if err != nil {
		return found{}, &folderError{err}
	}
	defer root.Close()
	f, err := openBelow(root, name)
	slash := path[len(path)-1] == '/'
	switch {
	case err != nil:
		return found{}, err
	case f.info.IsDir():
		return s.folder(root, f, slash)
	case slash: // "/a.txt/" would give relative links another meaning
		f.Close()
		return found{}, fs.ErrNotExist
	}
	return f, nil
}

// folder answers for a folder: its index, or its list where that is asked for.
// One that has neither is not there, with a slash or without.
func (s *fileServer) folder(root *os.Root, dir found, slash bool) (found, error) {
	page, err := openBelow(root, path.Join(dir.name, indexName))
	switch {
	case err == nil && !page.info.IsDir():
		dir.Close()
	case err == nil || errors.Is(err, fs.ErrNotExist):
		if err == nil {
			page.Close()
		}
		if page = dir; !s.list {
			dir.Close()
			return found{}, fs.ErrNotExist
		}
	default:
		dir.Close()
		return found{}, err
	}
	if !slash {
		page.Close()
		return found{name: dir.name, addSlash: true}, nil
	}
	return page, nil
}

// stat tells of what a path names without opening it, of secret files too.
func (s *fileServer) stat(path []byte) (fs.FileInfo, error) {
	name, err := plainName(path)
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(s.dir)
	if err != nil {
		return nil, &folderError{err}
	}
	defer root.Close()
	return root.Stat(name)
}

func (s *fileServer) nameOf(path []byte) (string, error) {
	name, err := plainName(path)
	if err == nil && s.secret != nil && s.secret(name) {
		return "", errHidden
	}
	return name, err
}

// plainName turns a path into a name below the folder. A segment that begins
// with a dot is hidden, "." and ".." among them, and so is /.well-known: who
// wants it served gives it a route of its own.
func plainName(path []byte) (string, error) {
	s := string(path)
	name, err := url.PathUnescape(s)
	if err != nil || !strings.HasPrefix(s, "/") || strings.IndexByte(name, 0) >= 0 || strings.Count(name, "/") != strings.Count(s, "/") {
		return "", errName // the last: an escaped slash is none that separates
	}
	if strings.Contains(name, "/.") {
		return "", errHidden
	}
	if name = strings.Trim(name, "/"); name == "" {
		return ".", nil
	}
	return name, nil
}

// openBelow opens a file or folder without following a link out of the root.
// What is no regular file could block for ever, or act on being opened: a pipe
// is not waited for, a terminal not taken.
func openBelow(root *os.Root, name string) (found, error) {
	f, err := root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_NOCTTY, 0)
	if err != nil {
		return found{}, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() && !info.IsDir() {
		err = errSpecial
	}
	if err != nil {
		f.Close()
		return found{}, err
	}
	return found{File: f, info: info, name: name}, nil
}

// fileStatus is what a visitor is told when a file cannot be had. Whatever is
// not to be seen is not there.
func fileStatus(err error) int {
	var whole *folderError
	var errno syscall.Errno
	switch {
	case errors.As(err, &whole):
		return 503
	case errors.Is(err, fs.ErrPermission):
		return 403
	case !errors.As(err, &errno): // hidden, special, or a link that leads out
		return 404
	}
	switch errno {
	case syscall.ENOENT, syscall.ENOTDIR, syscall.ELOOP, syscall.ENAMETOOLONG, syscall.EINVAL, syscall.ENXIO, syscall.ENODEV:
		return 404
	}
	return 500
}

// noFile answers for a file that cannot be had, and tells the owner why.
func (s *fileServer) noFile(v *visit, err error) {
	v.row.Detail = s.why(v.x.Request.Path, err)
	v.fail(fileStatus(err))
}

func (s *fileServer) why(path []byte, err error) string {
	var whole *folderError
	if errors.As(err, &whole) {
		return s.dir + ": " + bareFileError(whole.err)
	}
	if to := s.leadsOut(path, err); to != "" {
		err = errors.New("a link out of the folder, to " + strconv.Quote(to) + ", is not followed: have a copy or a mount in its place")
	}
	return strconv.Quote(s.dir+string(path)) + ": " + bareFileError(err)
}

// leadsOut is where the link ends for which a path was refused, "" where there
// was another reason. That is for the owner, who made the link; Root tells it
// by an error without a number, and not where to.
func (s *fileServer) leadsOut(path []byte, err error) string {
	var refused *fs.PathError
	var errno syscall.Errno
	if !errors.As(err, &refused) || errors.As(err, &errno) {
		return ""
	}
	name, err := plainName(path)
	if err != nil {
		return ""
	}
	to, _ := filepath.EvalSymlinks(filepath.Join(s.dir, name))
	return to
}

// bareFileError takes the operation and the name off.
func bareFileError(err error) string {
	var p *fs.PathError
	if errors.As(err, &p) {
		err = p.Err
	}
	if errors.Is(err, fs.ErrNotExist) {
		return "no such file"
	}
	return err.Error()
}

// fileSent notes how the sending ended.
func (v *visit) fileSent(name string) {
	if v.err == nil {
		return
	}
	var gone *http1.ClientError
	if errors.As(v.err, &gone) {
		v.row.Cause, v.row.Detail = record.CauseClientGone, "the client left within the answer"
		return
	}
	v.row.Cause, v.row.Detail = record.CauseReset, strconv.Quote(name)+" broke off while it was sent: "+bareFileError(v.err)
}

// isPHP tells whether a file is the source of a PHP program. File systems that
// tell no case apart, and those that take dots and blanks at the end for none,
// open it under other spellings too.
func isPHP(name string) bool {
	return strings.HasSuffix(strings.ToLower(strings.TrimRight(name, ". ")), ".php")
}
