package atomicfile_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"forge.home.arpa/portico/config/atomicfile"
)

// inNamespace runs the test again where it may mount, and reports whether this
// is that run.
func inNamespace(t *testing.T) bool {
	t.Helper()
	if os.Getenv("PORTICO_TEST_MOUNTS") != "" {
		return true
	}
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), "PORTICO_TEST_MOUNTS=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS}
	if uid, gid := os.Getuid(), os.Getgid(); uid != 0 {
		cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: uid, Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{HostID: gid, Size: 1}}
	}
	out, err := cmd.CombinedOutput()
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOSPC) {
		t.Skipf("this kernel lets nobody mount here: %v", err)
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return false
}

func mount(t *testing.T, source, target, kind string, flags uintptr, data string) {
	t.Helper()
	if err := syscall.Mount(source, target, kind, flags, data); err != nil {
		t.Fatalf("mount: %v", err)
	}
	if flags&syscall.MS_REMOUNT != 0 {
		return
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(target, syscall.MNT_DETACH); err != nil {
			t.Errorf("unmount: %v", err)
		}
	})
}

func TestMountedFile(t *testing.T) {
	if !inNamespace(t) {
		return
	}
	dir, name := home(t)
	host := filepath.Join(t.TempDir(), "host.toml")
	write(t, host, oldText)
	mount(t, host, name, "", syscall.MS_BIND, "")
	if err := atomicfile.New(name).Write([]byte(newText), was(oldText)); err != nil {
		t.Fatal(err)
	}
	wantText(t, host, newText)
	wantNames(t, dir, "portico.toml")
}

func TestReadOnlyDisk(t *testing.T) {
	if !inNamespace(t) {
		return
	}
	dir, name := home(t)
	mount(t, dir, dir, "", syscall.MS_BIND, "")
	mount(t, "", dir, "", syscall.MS_BIND|syscall.MS_REMOUNT|syscall.MS_RDONLY, "")
	err := atomicfile.New(name).Write([]byte(newText), was(oldText))
	if !errors.Is(err, syscall.EROFS) {
		t.Errorf("error %v", err)
	}
	wantText(t, name, oldText)
}

func TestFullDisk(t *testing.T) {
	if !inNamespace(t) {
		return
	}
	dir := t.TempDir()
	mount(t, "tmpfs", dir, "tmpfs", 0, "size=16k")
	name := filepath.Join(dir, "portico.toml")
	write(t, name, oldText)
	fill, err := os.Create(filepath.Join(dir, "fill"))
	if err != nil {
		t.Fatal(err)
	}
	defer fill.Close()
	for err == nil {
		_, err = fill.Write(make([]byte, 512))
	}
	err = atomicfile.New(name).Write([]byte(newText), was(oldText))
	if !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("error %v", err)
	}
	wantText(t, name, oldText)
	wantNames(t, dir, "fill", "portico.toml")
}
