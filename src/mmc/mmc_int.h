/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to src/mmc: the drive, the table of commands, the functions that handlers use. */
#ifndef MMC_MMC_INT_H
#define MMC_MMC_INT_H

#include "cd/map.h"
#include "cd/sector.h"
#include "cd/toc.h"
#include "mmc/fault.h"
#include "mmc/mmc.h"
#include "mmc/profile.h"
#include "mmc/sense.h"
#include "mmc/spec.h"

#define MMC_REPLY_SIZE 4160u      /* largest answer: READ DISC STRUCTURE of a BD, 4100 bytes, ... */
#define MMC_REPLY_MAX  CD_TOC_MAX /* ... but for READ TOC of a CD */
#define MMC_PARAM_SIZE 4096u      /* largest parameter list taken in whole: a cue sheet */
#define MMC_PUSH_MAX   32768u     /* most bytes of one mmc_push() */
#define MMC_PULL_MAX   65536u     /* most bytes of one mmc_pull() */
#define MMC_STAGE_SIZE (MMC_PULL_MAX + 8192u)
/* Bytes of the largest unit: a CD sector with its error field and subchannel. */
#define MMC_UNIT_MAX   (CD_SECTOR + 296u + 96u)

/* Mode page store: see modepage.c. */
#define MODEPAGE_COUNT    MMC_SAVED_PAGES
#define MODEPAGE_MAX_SIZE MMC_SAVED_PAGE_SIZE

/* Pending unit attentions. The first one in this order is reported first. */
enum mmc_ua {
	UA_RESET = 1 << 0,           /* 6/29/00 */
	UA_CHANGED = 1 << 1,         /* 6/28/00: a disc was inserted or loaded */
	UA_CLOSED = 1 << 2,          /* 6/28/00: the disc changed under the host's own CLOSE */
	UA_REMOVAL_REQUEST = 1 << 3, /* 6/5A/01 */
	/*
	 * The host's own FORMAT UNIT has changed the disc. It becomes UA_CLOSED when GET EVENT
	 * STATUS NOTIFICATION gives the media event: libburn aborts if the TEST UNIT READY that
	 * follows its FORMAT reports an attention; and Linux switches its event polling off after
	 * some media events without one (docs/hosts.md).
	 */
	UA_AFTER_EVENT = 1 << 4,
	UA_ALL = (1 << 5) - 1
};

struct mmc_drive;

/* Checks the CDB; builds the answer, or sets cmd.xfer for the data it moves. 0 or sense. */
typedef mmc_sense_t mmc_start_fn(struct mmc_drive *d, const uint8_t *cdb);
/* Carries the command out, after its data-out. 0, sense, or SENSE_AGAIN. */
typedef mmc_sense_t mmc_finish_fn(struct mmc_drive *d, const uint8_t *cdb);

/* Flags of a command row. */
enum mmc_row_flag {
	ROW_IN = 1 << 0,     /* data to the host */
	ROW_OUT = 1 << 1,    /* data from the host */
	ROW_MEDIUM = 1 << 2, /* needs a disc; without one 2/3A/01 */
	ROW_UA_OK = 1 << 3,  /* runs with a unit attention pending, and keeps it (SAM-5 5.14,
				MMC-6 4.1.7) */
	ROW_CLOSING =
		1 << 4, /* burning programs send it after CLOSE: runs with UA_CLOSED pending */
	ROW_LIMIT_IN =
		1 << 5, /* no allocation length: the answer is limited by the host's buffer */
	ROW_KEEP_SENSE = 1 << 6, /* the sense of the last command survives its beginning */
	ROW_RECORDS = 1 << 7,    /* reports a pending deferred write error */
	ROW_SHORT_CDB = 1 << 8   /* the CDB may be shorter; bytes that are missing count as 0 */
};

/* Place of the allocation length or parameter list length in the CDB. */
struct mmc_length_field {
	uint8_t at, size; /* size in bytes, 0 = none */
};

struct mmc_row {
	const char *name;
	uint8_t cdb_len;
	uint16_t flags;      /* enum mmc_row_flag */
	uint16_t permission; /* enum mmc_permission, all of them needed */
	struct mmc_length_field length;
	mmc_start_fn *start;
	mmc_finish_fn *finish;
	const char *used; /* bits a host may set, one byte per CDB byte from byte 1 on, checked when
			     strict */
	const char *clause;
};

extern const struct mmc_row mmc_rows[256];

enum mmc_stream {
	STREAM_NONE,
	STREAM_READ,
	STREAM_WRITE,
	STREAM_WRITE_LATER /* after a sync, because a test write is to begin (mmc_push()) */
};

/* The command in flight. */
struct mmc_command {
	const struct mmc_row *row;
	uint8_t cdb[16];
	uint8_t cdb_len;
	bool active, ended;
	bool data_announced; /* the host waits for data of this command */
	bool has_lba;        /* error_lba belongs to sense */
	bool test_write;     /* page 05h has asked for it; a disc that comes clears it there */
	bool finalises;      /* CLOSE: it finalises the disc */
	struct mmc_xfer xfer;
	uint32_t done;     /* bytes moved */
	mmc_sense_t sense; /* 0 while all is well */
	int64_t error_lba;
	struct disc *disc;  /* reference held until the command ends, ejected or not */
	uint32_t reply_len; /* bytes built in drive.reply, before truncation */

	/* The units of the disc that READ or WRITE moves, or VERIFY checks. */
	enum mmc_stream stream;
	bool sectors;        /* of a CD, as drive.sectors says */
	bool single;         /* one of several units could not be read: view one at a time */
	uint32_t unit;       /* bytes of a unit */
	uint32_t skip;       /* bytes of unit lba that were given already */
	uint32_t staged;     /* bytes in drive.stage */
	uint32_t unverified; /* units that VERIFY has yet to read */
	int64_t first;       /* address of the first unit; a CD has negative ones, too */
	int64_t lba;         /* of the unit to move or verify next */
};

/* The parts of each sector of a CD that the command in flight returns (sectors.c). */
struct mmc_sectors {
	uint8_t forms;            /* that are allowed: 1 << enum cd_form */
	struct cd_cut cut[CD_XA]; /* of a sector of each form */
	/* Bytes of a unit: part of the sector, error field, subchannel. */
	uint16_t main, error, sub;
	uint8_t sub_selection;
};

struct mmc_drive {
	struct mmc_config config;
	struct disc *disc;
	bool tray_out; /* the host has ejected; the disc lies in the open tray */
	bool gone;     /* with tray_out: no, it has vanished by a fault, see struct mmc_state */
	const struct mmc_profile *profile;
	struct mmc_faults *faults; /* on request; NULL: none, as usual */

	bool prevent, persistent_prevent;
	bool eject_requested;
	bool eject_event_pending; /* its event comes after that of a new medium */
	uint8_t ua;               /* enum mmc_ua */
	uint8_t media_event;      /* pending, MEDIA_EVENT_* */
	bool feature_change;      /* pending operational change event */
	bool gesn_seen;           /* the host polls events */
	bool removal_unseen;      /* see struct mmc_state */
	bool write_lost;          /* a flush, or the sync of an ALLOW, failed: a deferred error */

	mmc_sense_t sense; /* for REQUEST SENSE */
	bool sense_has_lba;
	uint32_t sense_lba;               /* as the information field has it: two's complement */
	uint32_t read_speed, write_speed; /* kB/s */
	uint8_t page[MODEPAGE_COUNT][MODEPAGE_MAX_SIZE];

	struct mmc_command cmd;
	struct mmc_sectors sectors;
	int64_t position; /* address of a CD that was read last, for READ SUB-CHANNEL */
	uint64_t commands, errors, blocks_read, blocks_written;

	/* The row of the command in flight and its finish function, if a fault may delay it. */
	struct mmc_row delayed_row;
	mmc_finish_fn *finish;
	uint8_t reply[MMC_REPLY_MAX];
	uint8_t param[MMC_PARAM_SIZE];
	uint8_t stage[MMC_STAGE_SIZE]; /* units being read, or written in odd portions */
};

/* ---- for handlers ------------------------------------------------------------------------- */

/* 5/24/00. */
static inline mmc_sense_t mmc_bad_cdb(void)
{
	return SENSE_INVALID_FIELD_IN_CDB;
}

/* attention.c */
/* Reports the first pending unit attention of `which` (enum mmc_ua), and clears it; 0: none. */
mmc_sense_t mmc_take_attention(struct mmc_drive *d, uint8_t which);

/* reply.c */
/* Begins an answer of len bytes, all zero, and returns it. */
uint8_t *mmc_reply(struct mmc_drive *d, uint32_t len);
/* Returns sense, and puts the address into its information field. */
mmc_sense_t mmc_fail_at(struct mmc_drive *d, mmc_sense_t sense, int64_t lba);
/*
 * The address that a WRITE reports whose blocks did not reach storage: the first lost block of a
 * disc that is recorded in order, which is its next writable address; otherwise the first block of
 * the command.
 */
int64_t mmc_lost_address(const struct mmc_drive *d);
/* Bytes of the parameter list that arrived. */
uint32_t mmc_param_len(const struct mmc_drive *d);
/* The allocation or parameter list length in the CDB; UINT32_MAX when the row has none. */
uint32_t mmc_length_field(const struct mmc_row *row, const uint8_t *cdb);

/* write_parameters.c */
/*
 * Test write is a bit of mode page 05h that the host may set and clear at any time. It
 * takes effect at the next command that changes the disc. 0 or sense.
 */
mmc_sense_t mmc_apply_test_write(struct mmc_drive *d);
/*
 * Tells a CD-R or CD-RW how it is recorded next, as mode page 05h says; other discs are not told.
 * Comes before each question about its next writable address, and before each change.
 */
void mmc_apply_write_parameters(struct mmc_drive *d);
/* Bytes of the blocks that the disc of this command takes next. */
uint32_t mmc_write_unit(struct mmc_drive *d);

/* cmd_cd_record.c */
/* Sets up a WRITE to a CD-R or CD-RW, whose addresses have a sign. 0 or sense. */
mmc_sense_t mmc_start_cd_write(struct mmc_drive *d, uint32_t address, uint32_t blocks);

/* tray.c */
/* The disc that a command may use: in the drive, tray closed. NULL: there is none. */
struct disc *mmc_loaded(const struct mmc_drive *d);
/*
 * The medium as what the host sees the disc: a finalised disc may be shown as a read-only one.
 * Without a disc, a DVD-ROM.
 */
const struct disc_medium *mmc_shown_medium(const struct mmc_drive *d);
/* As what the host will see the disc that is in the open tray. There is one. */
const struct disc_medium *mmc_medium_in_tray(const struct mmc_drive *d);
/* After the host's own CLOSE has changed the disc: sets profile, unit attention and event. */
void mmc_disc_changed(struct mmc_drive *d, struct disc *disc);
/* After the host's FORMAT UNIT: the same, but the attention waits for the event. */
void mmc_disc_formatted(struct mmc_drive *d, struct disc *disc);
/* GET EVENT STATUS NOTIFICATION gives the media event to the host. */
void mmc_media_event_seen(struct mmc_drive *d);
/* A disc was inserted or loaded, or removed: sets profile, unit attentions and event. */
void mmc_disc_arrived(struct mmc_drive *d);
void mmc_disc_left(struct mmc_drive *d);
/* START STOP UNIT with LoEj: opens the tray, or closes it. */
mmc_sense_t mmc_host_eject(struct mmc_drive *d);
void mmc_host_load(struct mmc_drive *d);
/* Sets the speeds to the fastest of the profile. */
void mmc_default_speeds(struct mmc_drive *d);

/* Puts an address of four bytes, LBA or MSF. */
void mmc_put_address(uint8_t *p, int64_t lba, bool msf);

/* fault.c; call these only if drive.faults is set */
/* The command begins. 0, or the sense that a fault answers it with. */
mmc_sense_t mmc_fault_begin(struct mmc_drive *d);
/*
 * The units from cmd.lba on, of so many, that come before the first one that a fault makes bad. 0:
 * the first one is bad, and cmd.sense says so.
 */
uint32_t mmc_fault_good_units(struct mmc_drive *d, bool writing, uint32_t units);
/* The command has failed. */
void mmc_fault_count(struct mmc_drive *d);

/* stream.c */
/*
 * Views *n units from cmd.lba on, as disc_view() does: of the disc, or of a CD as drive.sectors
 * says. If a fault makes the first one bad, cmd.sense is set and the result is DISC_UNREADABLE.
 */
int mmc_view(struct mmc_drive *d, uint32_t *n, uint8_t *stage, const uint8_t **data);
/* Writes the whole units that are staged. 0, also after a failure (cmd.sense); -1: MMC_AGAIN. */
int mmc_write_staged(struct mmc_drive *d);

/* modepage.c */
void modepage_reset(struct mmc_drive *d);
/*
 * Return a setting of page 05h: test write; disc-at-once, for a disc that is recorded by this page;
 * another session follows.
 */
bool modepage_test_write(const struct mmc_drive *d);
/* Clears the test write bit. */
void modepage_end_test_write(struct mmc_drive *d);
bool modepage_at_once(const struct mmc_drive *d);
bool modepage_next_session(const struct mmc_drive *d);
/* Page 05h, with its header (mmc/page_05.h). */
const uint8_t *modepage_write_parameters(const struct mmc_drive *d);
/* Sets pages to their defaults whose values the current profile does not take. */
void modepage_fit_profile(struct mmc_drive *d);
/* Restores pages with values that MODE SELECT could have set; ignores the others. */
void modepage_restore(struct mmc_drive *d, const uint8_t page[][MODEPAGE_MAX_SIZE]);
mmc_sense_t modepage_select(struct mmc_drive *d, const uint8_t *list, uint32_t len);
mmc_start_fn modepage_sense_6, modepage_sense_10;

/* feature.c */
mmc_start_fn cmd_get_configuration;

/* The handlers that the table names. */
mmc_start_fn cmd_none, cmd_request_sense, cmd_inquiry, cmd_report_luns, cmd_gesn,
	cmd_mechanism_status, cmd_read_buffer_capacity, cmd_get_performance, cmd_report_key,
	cmd_read_format_capacities, cmd_read_capacity, cmd_read_toc, cmd_read_disc_information,
	cmd_read_track_information, cmd_read_disc_structure, cmd_param, cmd_read_10, cmd_read_12,
	cmd_write_10, cmd_write_12, cmd_verify, cmd_seek, cmd_start_stop_unit, cmd_close,
	cmd_set_streaming, cmd_mode_select, cmd_send_key, cmd_send_disc_structure, cmd_format_unit,
	cmd_blank, cmd_write_and_verify, cmd_read_cd, cmd_read_cd_msf, cmd_read_sub_channel,
	cmd_read_header, cmd_send_cue_sheet;
mmc_finish_fn cmd_mode_select_6_finish, cmd_mode_select_10_finish, cmd_set_streaming_finish,
	cmd_set_cd_speed_finish, cmd_send_event_finish, cmd_send_key_finish, cmd_write_finish,
	cmd_verify_finish, cmd_synchronize_cache_finish, cmd_reserve_track_finish, cmd_close_finish,
	cmd_start_stop_finish, cmd_prevent_allow_finish, cmd_send_opc_finish,
	cmd_send_disc_structure_finish, cmd_format_unit_finish, cmd_blank_finish,
	cmd_write_and_verify_finish, cmd_send_cue_sheet_finish;

#endif
