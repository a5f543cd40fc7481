/*
 * WHAT PROGRAM ARGUMENTS: runs it as on a kernel without some calls, which answer ENOSYS to it and to all that it starts. WHAT has any of
 *   mounts    mounts by descriptors (Linux 5.2 to 5.12), openat2 (5.6), what statx tells of mounts (5.8), and the two below
 *   ids       statmount, listmount and unique mount ids (6.8)
 *   fanotify  (mount events of which came with 6.14)
 * separated by commas. Ends with 77 where it cannot filter.
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#error "the numbers of calls are known for x86_64 and aarch64 only"
#endif

enum { STATMOUNT = 457, LISTMOUNT = 458, ANY_ID = 0x1000, UNIQUE_ID = 0x4000 };

static struct sock_filter filter[128];
static unsigned short length;

static void add(unsigned short code, unsigned value, unsigned char ifTrue, unsigned char ifFalse) {
  filter[length++] = (struct sock_filter){code, ifTrue, ifFalse, value};
}

static void load(size_t offset) { add(BPF_LD | BPF_W | BPF_ABS, (unsigned)offset, 0, 0); }

static void answerEnosys(void) { add(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS, 0, 0); }

static void refuse(long call) {
  add(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)call, 0, 1);
  answerEnosys();
}

/** statx that asks for any of these; afterwards another word than the number of the call is loaded. */
static void refuseStatx(unsigned mask) {
  add(BPF_JMP | BPF_JEQ | BPF_K, SYS_statx, 0, 3);
  load(offsetof(struct seccomp_data, args[3]));
  add(BPF_JMP | BPF_JSET | BPF_K, mask, 0, 1);
  answerEnosys();
}

int main(int argc, char** argv) {
  if (argc < 3) return 77;
  const int mounts = strstr(argv[1], "mounts") != NULL;
  load(offsetof(struct seccomp_data, arch));
  add(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0);
  add(BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
  load(offsetof(struct seccomp_data, nr));
  if (mounts) {
    const long calls[] = {SYS_openat2, SYS_open_tree, SYS_move_mount, SYS_mount_setattr, SYS_fsopen, SYS_fsconfig, SYS_fsmount, SYS_fspick};
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) refuse(calls[i]);
  }
  if (mounts || strstr(argv[1], "ids")) {
    refuse(STATMOUNT);
    refuse(LISTMOUNT);
  }
  if (strstr(argv[1], "fanotify")) refuse(SYS_fanotify_init);
  if (mounts || strstr(argv[1], "ids")) refuseStatx(mounts ? ANY_ID | UNIQUE_ID : UNIQUE_ID);
  add(BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
  const struct sock_fprog program = {length, filter};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 && geteuid() != 0) return 77;
  if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) return 77;
  execvp(argv[2], argv + 2);
  perror(argv[2]);
  return 1;
}
