/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The verbs that the client carries out itself, as they are typed (VERB), and as its help shows
 * each form of them (SYNOPSIS, HELP). The daemon's verbs are in protocol/verbs.h.
 */
#ifndef CTL_OWN_VERBS_H
#define CTL_OWN_VERBS_H

#define UPLOAD_VERB     "upload"
#define UPLOAD_SYNOPSIS "upload FILE [NAME] [drive=DRIVE]"
#define UPLOAD_HELP     "put a file into the media folder; the same command goes on after a break"

#define GET_VERB     "get"
#define GET_SYNOPSIS "get NAME [FILE] [drive=DRIVE]"
#define GET_HELP                                                                                   \
	"copy an image to a file here; never overwrites; the same command goes on after a break"

#define WATCH_VERB     "watch"
#define WATCH_SYNOPSIS "watch [drive=DRIVE]"
#define WATCH_HELP     "show burns and reads in progress, until ^C"

#define WAIT_VERB     "wait"
#define WAIT_SYNOPSIS "wait burned|empty|host [timeout=SECONDS] [drive=DRIVE]"
#define WAIT_HELP     "wait until a burn has ended, the drive is empty, or a host is connected"

#define LOOPBACK_VERB        "loopback"
#define LOOPBACK_SYNOPSIS    "loopback [status]"
#define LOOPBACK_HELP        "say whether this PC is its own host, and whose discs its drive takes"
#define LOOPBACK_ON_SYNOPSIS "loopback on [FOLDER] [user=NAME]"
#define LOOPBACK_ON_HELP                                                                           \
	"give this PC itself a drive, without a board (with sudo, once); its discs are in FOLDER"
#define LOOPBACK_OFF_SYNOPSIS "loopback off [force]"
#define LOOPBACK_OFF_HELP     "take that drive away again (with sudo); the discs stay"
#define NETWORK_VERB          "network"
#define NETWORK_SYNOPSIS      "network [status]"
#define NETWORK_HELP          "say whether a PC can have, or has, this machine's drive by network"
#define NETWORK_ON_SYNOPSIS   "network on [FOLDER] [user=NAME] [listen=ADDRESS]"
#define NETWORK_ON_HELP                                                                            \
	"let a PC have a drive of this machine by network, by USB/IP (with sudo, once); its "      \
	"discs "                                                                                   \
	"are in FOLDER"
#define NETWORK_OFF_SYNOPSIS "network off [force]"
#define NETWORK_OFF_HELP     "take that drive away again (with sudo); the discs stay"

#define WEB_VERB              "web"
#define WEB_SYNOPSIS          "web"
#define WEB_HELP              "say how the web page is reached, and what is missing for that"
#define WEB_PASSWORD_SYNOPSIS "web password"
#define WEB_PASSWORD_HELP     "set the password of the web page (with sudo); ends all its sessions"
#define WEB_TOKEN_SYNOPSIS    "web token add|remove|list [NAME] [read-only]"
#define WEB_TOKEN_HELP        "a token lets a script use the web page without the password"
#define WEB_LOGOUT_SYNOPSIS   "web logout-all"
#define WEB_LOGOUT_HELP       "end all sessions of the web page (with sudo); tokens stay valid"

#define DOCTOR_VERB "doctor"
#define DOCTOR_HELP "find out why no host sees a drive, and what to do about it"

#define REPORT_VERB     "report"
#define REPORT_SYNOPSIS "report [FILE]"
#define REPORT_HELP     "collect what a report of a problem needs, without personal names"

#define VERSION_VERB     "version"
#define VERSION_SYNOPSIS "version"
#define VERSION_HELP     "print the version of the client"

#define TRACE_SAVE_SYNOPSIS   "trace save FILE [drive=DRIVE]"
#define TRACE_SAVE_HELP       "write the recorded commands to a file; - is standard output"
#define TRACE_SHOW_SYNOPSIS   "trace show FILE"
#define TRACE_SHOW_HELP       "show a trace file; needs no daemon"
#define TRACE_SCRIPT_SYNOPSIS "trace script FILE"
#define TRACE_SCRIPT_HELP     "print a trace file as a conversation that the drive's tests can replay"

#define FAULT_LOAD_SYNOPSIS "fault load FILE [drive=DRIVE]"
#define FAULT_LOAD_HELP     "set the faults that are in a file, one in each line; - is standard input"

#endif
