-- As root in the master, at the start, and as the user of the workers. Each way is tried by a shell;
-- what is written down as `open` has led out.
local ways = {
    unshare = "unshare -U -r true",
    mounting = "mount -t tmpfs none /mnt",
    remounting = "mount -o remount,rw /",
    procfs = "mount -t proc proc /mnt",
    cgroups = "mkdir /sys/fs/cgroup/out || echo 1 > /sys/fs/cgroup/release_agent",
    device = "mknod /tmp/disk b 8 0 && head -c 1 /tmp/disk",
    memory = "head -c 1 /proc/kcore",
    kernel = "echo 1 > /proc/sys/kernel/panic",
    trigger = "echo b > /proc/sysrq-trigger",
    core_pattern = "echo '|/tmp/x' > /proc/sys/kernel/core_pattern",
    modules = "modprobe veth",
    network = "ip link set internet down",
    routes = "ip route add 10.0.0.0/8 dev internet",
    engine = "test -S /var/run/docker.sock",
    other_processes = "ps -e -o args | grep -q -e headgate -e python",
    host_files = "test -d /proc/1/root/work || test -d /host",
    neighbours = "nsenter -t 1 -a true",
    limits = "ulimit -f unlimited",
    clock = "date -s 2030-01-01",
    host_name = "hostname elsewhere",
    own_system = "touch /usr/sbin/nginx-too",
}
local ffi = require "ffi"
pcall(ffi.cdef, [[ int socket(int, int, int); long syscall(long, ...); int getuid(void); ]])
local file = io.open("/tmp/ways." .. ffi.C.getuid(), "w")
for name, command in pairs(ways) do
    local status = os.execute("(" .. command .. ") >/dev/null 2>&1")
    file:write(name, status == 0 and " open\n" or " shut\n")
end
local raw = { raw_socket = ffi.C.socket(2, 3, 255), packet_socket = ffi.C.socket(17, 3, 768) }
local calls = {
    bpf = ffi.C.syscall(321, 5, nil, 0),
    keyctl = ffi.C.syscall(250, 0, -3, 0),
    perf_event_open = ffi.C.syscall(298, nil, 0, -1, -1, 0),
    userfaultfd = ffi.C.syscall(323, 0),
    ptrace = ffi.C.syscall(101, 16, ffi.cast("long", 1), nil, nil),
    io_uring = ffi.C.syscall(425, 8, nil),
}
for name, result in pairs(raw) do
    file:write(name, result >= 0 and " open\n" or " shut\n")
end
for name, result in pairs(calls) do
    file:write(name, tonumber(result) >= 0 and " open\n" or " shut\n")
end
file:close()
