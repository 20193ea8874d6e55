package shop

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// Tool finds a program of the system, or installs Debian's package of that name
// where the suite may.
func (s *Shop) Tool(ctx context.Context, program, debian string) (string, error) {
	return s.once("tool "+program, func() (string, error) {
		if path, err := exec.LookPath(program); err == nil {
			return path, nil
		}
		if debian == "" {
			return "", &Absent{program + " is not installed"}
		}
		if _, err := exec.LookPath("apt-get"); err != nil || os.Geteuid() != 0 {
			return "", &Absent{fmt.Sprintf("%s is not installed (Debian: apt-get install %s)", program, debian)}
		}
		s.Log("installing %s with apt-get", debian)
		if err := s.run(ctx, "", []string{"DEBIAN_FRONTEND=noninteractive"}, "apt-get", "install", "-y", "-q", debian); err != nil {
			return "", &Absent{fmt.Sprintf("apt-get install %s: %s", debian, firstLine(err.Error()))}
		}
		path, err := exec.LookPath(program)
		if err != nil {
			return "", &Absent{fmt.Sprintf("apt-get installed %s, but there is no %s", debian, program)}
		}
		return path, nil
	})
}

// DuckDB gives a folder with the files of contenders/duckdb and its npm packages.
// They stay in the user's cache, so that only the first run fetches them.
func (s *Shop) DuckDB(ctx context.Context) (string, error) {
	return s.once("duckdb", func() (string, error) {
		for _, program := range []string{"node", "npm"} {
			if _, err := exec.LookPath(program); err != nil {
				return "", &Absent{program + " is not installed"}
			}
		}
		cache, err := os.UserCacheDir()
		if err != nil {
			return "", &Absent{err.Error()}
		}
		dir := filepath.Join(cache, "flowc-bench", "duckdb")
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return "", &Absent{err.Error()}
		}
		// CopyFS refuses to overwrite, so the files go one by one.
		from := filepath.Join(s.Bench, "contenders", "duckdb")
		files, err := os.ReadDir(from)
		if err != nil {
			return "", err
		}
		for _, f := range files {
			text, err := os.ReadFile(filepath.Join(from, f.Name()))
			if err != nil {
				return "", err
			}
			if err := os.WriteFile(filepath.Join(dir, f.Name()), text, 0o644); err != nil {
				return "", &Absent{err.Error()}
			}
		}
		s.Log("npm install of DuckDB in %s", dir)
		if err := s.run(ctx, dir, nil, "npm", "install", "--no-audit", "--no-fund", "--no-package-lock", "--prefer-offline"); err != nil {
			return "", &Absent{"npm install: " + firstLine(err.Error())}
		}
		return dir, nil
	})
}
