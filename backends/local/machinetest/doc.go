// Package machinetest boots the systemd of this machine for tests: as process 1 of a
// machine of its own, which has namespaces of its own for users, processes, mounts, the
// network, names and control groups, and a file system in memory.
//
// What the units of a system do at a boot is done to the machine that they see; the
// cleaning of /tmp is an example. So the machine of a test sees nothing that it could
// harm, and more than one thing has to fail before it could:
//
//   - Its root is an empty file system in memory. Of the host it has programs and
//     libraries alone, mounted to be read.
//   - Its root is nobody to the host: each of its users is mapped to one that the host does
//     not have, so that what it should not see it could not change either.
//   - The units that clean up are masked, and in the place of systemd-tmpfiles is a program
//     that does nothing.
//   - Before each boot, in the very namespaces that will be booted, a guard looks for files
//     that the host has made for it to be found, tries to delete them, writes into each
//     folder and mount that there is, and compares each mount with those of the host. The
//     host looks for what was written and deleted. Nothing is booted unless both find that
//     they do not touch.
//
// It needs Linux 5.12, root, and systemd 252 with dbus-daemon and nsenter (Debian: apt-get
// install systemd dbus util-linux). Where something of that is missing, the test is skipped and says what.
package machinetest
