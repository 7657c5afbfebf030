// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The table of commands: one row for each that the drive supports. A code without a row is
 * answered with 5/20/00 INVALID COMMAND OPERATION CODE. docs/commands.md lists the rows, with the
 * comment above each as its remark; a test compares the two, and looks for each sense that a remark
 * names in a conversation with that command.
 *
 * `used` has the bits that a host may set, from CDB byte 1 on. Only strict mode checks them.
 */
#include "mmc/mmc_int.h"

const char *mmc_opcode_name(uint8_t opcode)
{
	return mmc_rows[opcode].name;
}

#define ALLOC(at, size)                                                                            \
	{                                                                                          \
		at, size                                                                           \
	}
#define NO_LENGTH                                                                                  \
	{                                                                                          \
		0, 0                                                                               \
	}

// clang-format off
const struct mmc_row mmc_rows[256] = {
	/* also reports a change of the disc (6/28/00) */
	[OP_TEST_UNIT_READY] = { "TEST UNIT READY", 6, ROW_MEDIUM, 0, NO_LENGTH,
		cmd_none, NULL, "\0\0\0\0\0", "SPC-4 6.47" },
	/* the sense of the last command; without one, a pending unit attention */
	[OP_REQUEST_SENSE] = { "REQUEST SENSE", 6, ROW_IN | ROW_UA_OK | ROW_KEEP_SENSE, 0, ALLOC(4, 1),
		cmd_request_sense, NULL, "\0\0\0\xff\0", "SPC-4 6.39" },
	/* formats to a capacity that READ FORMAT CAPACITIES lists, otherwise 5/26/00; complete when the status is sent */
	[OP_FORMAT_UNIT] = { "FORMAT UNIT", 6, ROW_OUT | ROW_MEDIUM | ROW_CLOSING | ROW_RECORDS | ROW_SHORT_CDB,
		P_FORMAT, NO_LENGTH, cmd_format_unit, cmd_format_unit_finish, "\x1f\0\0\0\0", "MMC-6 6.4" },
	/* 36 bytes; no vital product data */
	[OP_INQUIRY] = { "INQUIRY", 6, ROW_IN | ROW_UA_OK, 0, ALLOC(3, 2),
		cmd_inquiry, NULL, "\x01\xff\xff\xff\0", "SPC-4 6.6" },
	/* as MODE SELECT(10) */
	[OP_MODE_SELECT_6] = { "MODE SELECT(6)", 6, ROW_OUT | ROW_CLOSING, 0, ALLOC(4, 1),
		cmd_mode_select, cmd_mode_select_6_finish, "\x11\0\0\xff\0", "SPC-4 6.12" },
	/* as MODE SENSE(10) */
	[OP_MODE_SENSE_6] = { "MODE SENSE(6)", 6, ROW_IN | ROW_CLOSING, 0, ALLOC(4, 1),
		modepage_sense_6, NULL, "\x08\xff\xff\xff\0", "SPC-4 6.14" },
	/* eject and load; a stop syncs; power conditions are accepted and have no effect */
	[OP_START_STOP_UNIT] = { "START STOP UNIT", 6, ROW_CLOSING, 0, NO_LENGTH,
		cmd_start_stop_unit, cmd_start_stop_finish, "\x01\0\x03\xf7\0", "MMC-6 6.42" },
	/* prevent, allow, persistent prevent and allow; an allow syncs */
	[OP_PREVENT_ALLOW] = { "PREVENT ALLOW MEDIUM REMOVAL", 6, ROW_CLOSING, 0, NO_LENGTH,
		cmd_none, cmd_prevent_allow_finish, "\0\0\0\x03\0", "MMC-6 6.12" },
	/* capacity of the disc, of a blank, or "no medium"; also the capacities to which the disc can be formatted */
	[OP_READ_FORMAT_CAPACITIES] = { "READ FORMAT CAPACITIES", 10, ROW_IN | ROW_CLOSING, 0, ALLOC(7, 2),
		cmd_read_format_capacities, NULL, "\0\0\0\0\0\0\xff\xff\0", "MMC-6 6.23" },
	/* last readable block; 0 for a blank */
	[OP_READ_CAPACITY] = { "READ CAPACITY(10)", 10, ROW_IN | ROW_MEDIUM | ROW_LIMIT_IN, 0, NO_LENGTH,
		cmd_read_capacity, NULL, "\0\xff\xff\xff\xff\0\0\x01\0", "MMC-6 6.19" },
	/* blocks of 2048 bytes; on a blank, only block 0 can be read, as zeros */
	[OP_READ_10] = { "READ(10)", 10, ROW_IN | ROW_MEDIUM, P_READ, NO_LENGTH,
		cmd_read_10, NULL, "\x1a\xff\xff\xff\xff\x1f\xff\xff\0", "MMC-6 6.15" },
	/* only at the next writable address of an open track; anywhere on a disc that can be overwritten; to a CD, in blocks of the size that page 05h or the cue sheet says */
	[OP_WRITE_10] = { "WRITE(10)", 10, ROW_OUT | ROW_MEDIUM | ROW_RECORDS, P_WRITE, NO_LENGTH,
		cmd_write_10, cmd_write_finish, "\x1a\xff\xff\xff\xff\x1f\xff\xff\0", "MMC-6 6.44" },
	/* checks the address, moves nothing */
	[OP_SEEK_10] = { "SEEK(10)", 10, ROW_MEDIUM, 0, NO_LENGTH,
		cmd_seek, NULL, "\0\xff\xff\xff\xff\0\0\0\0", "MMC-6 6.33" },
	/* as WRITE(10); also syncs, and reads the blocks back; BYTCHK is refused, 5/24/00; on a CD the command is refused, 5/20/00 */
	[OP_WRITE_AND_VERIFY_10] = { "WRITE AND VERIFY(10)", 10, ROW_OUT | ROW_MEDIUM | ROW_RECORDS, P_WRITE | P_VERIFY, NO_LENGTH,
		cmd_write_and_verify, cmd_write_and_verify_finish, "\x12\xff\xff\xff\xff\x1f\xff\xff\0", "MMC-6 6.46" },
	/* reads the blocks; BYTCHK is refused, 5/24/00 */
	[OP_VERIFY_10] = { "VERIFY(10)", 10, ROW_MEDIUM, P_READ, NO_LENGTH,
		cmd_verify, cmd_verify_finish, "\x12\xff\xff\xff\xff\x1f\xff\xff\0", "MMC-6 6.43" },
	/* complete when the status is sent, with or without IMMED; on a CD, also closes the open track, and a session that is recorded at once */
	[OP_SYNCHRONIZE_CACHE] = { "SYNCHRONIZE CACHE", 10, ROW_MEDIUM | ROW_CLOSING | ROW_RECORDS, 0, NO_LENGTH,
		cmd_none, cmd_synchronize_cache_finish, "\x02\xff\xff\xff\xff\x1f\xff\xff\0", "MMC-6 6.41" },
	/* only for a CD, otherwise 5/20/00: position, catalogue number, ISRC; there is no audio playback */
	[OP_READ_SUB_CHANNEL] = { "READ SUB-CHANNEL", 10, ROW_IN | ROW_MEDIUM, P_CD, ALLOC(7, 2),
		cmd_read_sub_channel, NULL, "\x02\x40\xff\0\0\xff\xff\xff\0", "MMC-3" },
	/* formats 0 and 1; for a CD also 2 (raw) and 5 (CD-Text); for a CD-R or CD-RW also 3 (PMA) and 4 (ATIP) */
	[OP_READ_TOC_PMA_ATIP] = { "READ TOC/PMA/ATIP", 10, ROW_IN | ROW_MEDIUM, P_TOC, ALLOC(7, 2),
		cmd_read_toc, NULL, "\x02\x0f\0\0\0\xff\xff\xff\xc0", "MMC-6 6.25" },
	/* only for a data sector of a CD, otherwise 5/64/00; for other discs 5/20/00 */
	[OP_READ_HEADER] = { "READ HEADER", 10, ROW_IN | ROW_MEDIUM, P_CD, ALLOC(7, 2),
		cmd_read_header, NULL, "\x02\xff\xff\xff\xff\0\xff\xff\0", "MMC-3" },
	/* built from the tables of profiles and features */
	[OP_GET_CONFIGURATION] = { "GET CONFIGURATION", 10, ROW_IN | ROW_UA_OK, 0, ALLOC(7, 2),
		cmd_get_configuration, NULL, "\x03\xff\xff\0\0\0\xff\xff\0", "MMC-6 6.5" },
	/* polled only: asynchronous notification is refused, 5/24/00 */
	[OP_GET_EVENT_STATUS_NOTIFICATION] = { "GET EVENT STATUS NOTIFICATION", 10, ROW_IN | ROW_UA_OK, 0,
		ALLOC(7, 2), cmd_gesn, NULL, "\x01\0\0\xff\0\0\xff\xff\0", "MMC-6 6.6" },
	/* standard disc information only */
	[OP_READ_DISC_INFORMATION] = { "READ DISC INFORMATION", 10, ROW_IN | ROW_MEDIUM | ROW_CLOSING, 0,
		ALLOC(7, 2), cmd_read_disc_information, NULL, "\x07\0\0\0\0\0\xff\xff\0", "MMC-6 6.21" },
	/* by address, track or session */
	[OP_READ_TRACK_INFORMATION] = { "READ TRACK INFORMATION", 10, ROW_IN | ROW_MEDIUM | ROW_CLOSING, 0,
		ALLOC(7, 2), cmd_read_track_information, NULL, "\x07\xff\xff\xff\xff\0\xff\xff\0", "MMC-6 6.26" },
	/* by size or by address, once for a track, before it is written to; on a CD 5/20/00 */
	[OP_RESERVE_TRACK] = { "RESERVE TRACK", 10, ROW_MEDIUM | ROW_RECORDS, P_RESERVE, NO_LENGTH,
		cmd_none, cmd_reserve_track_finish, "\x03\0\0\0\xff\xff\xff\xff\0", "MMC-6 6.31" },
	/* accepted; there is no laser to calibrate */
	[OP_SEND_OPC_INFORMATION] = { "SEND OPC INFORMATION", 10, ROW_OUT | ROW_MEDIUM, 0, ALLOC(7, 2),
		cmd_param, cmd_send_opc_finish, "\x01\0\0\0\0\0\xff\xff\0", "MMC-6 6.36" },
	/* pages 01h and 05h can be changed; pages are not saved */
	[OP_MODE_SELECT_10] = { "MODE SELECT(10)", 10, ROW_OUT | ROW_CLOSING, 0, ALLOC(7, 2),
		cmd_mode_select, cmd_mode_select_10_finish, "\x11\0\0\0\0\0\xff\xff\0", "SPC-4 6.13" },
	/* no block descriptor */
	[OP_MODE_SENSE_10] = { "MODE SENSE(10)", 10, ROW_IN | ROW_CLOSING, 0, ALLOC(7, 2),
		modepage_sense_10, NULL, "\x18\xff\xff\0\0\0\xff\xff\0", "SPC-4 6.15" },
	/* closes the track or the session, or finalises the disc */
	[OP_CLOSE_TRACK_SESSION] = { "CLOSE TRACK/SESSION", 10, ROW_MEDIUM | ROW_CLOSING | ROW_RECORDS, 0, NO_LENGTH,
		cmd_close, cmd_close_finish, "\x01\x07\0\xff\xff\0\0\0\0", "MMC-6 6.3" },
	/* in bytes or blocks; the whole buffer is free */
	[OP_READ_BUFFER_CAPACITY] = { "READ BUFFER CAPACITY", 10, ROW_IN | ROW_CLOSING, 0, ALLOC(7, 2),
		cmd_read_buffer_capacity, NULL, "\x01\0\0\0\0\0\xff\xff\0", "MMC-6 6.17" },
	/* only for a CD-R or CD-RW, otherwise 5/20/00; only with write type 2 in page 05h and before the first WRITE, otherwise 5/2C/00; a cue sheet that cannot be recorded is refused, 5/26/00 */
	[OP_SEND_CUE_SHEET] = { "SEND CUE SHEET", 10, ROW_OUT | ROW_MEDIUM | ROW_RECORDS, P_WRITE | P_CUE, ALLOC(6, 3),
		cmd_send_cue_sheet, cmd_send_cue_sheet_finish, "\0\0\0\0\0\xff\xff\xff\0", "MMC-3" },
	/* one logical unit, 0 */
	[OP_REPORT_LUNS] = { "REPORT LUNS", 12, ROW_IN | ROW_UA_OK, 0, ALLOC(6, 4),
		cmd_report_luns, NULL, "\0\xff\0\0\0\xff\xff\xff\xff\0\0", "SPC-4 6.33" },
	/* blanks all of a CD-RW or DVD-RW; other discs are refused, 5/30/06; refused with 5/24/00: blanking a part of a disc, and each CDB that can also be an ATA PASS-THROUGH(12), which has the same code */
	[OP_BLANK] = { "BLANK", 12, ROW_MEDIUM | ROW_CLOSING | ROW_RECORDS, 0, NO_LENGTH,
		cmd_blank, cmd_blank_finish, "\x17\xff\xff\xff\xff\0\0\0\0\0\0", "MMC-6 6.2" },
	/* refused, 5/26/00: its parameters name nothing that the drive has */
	[OP_SEND_EVENT] = { "SEND EVENT", 12, ROW_OUT, 0, ALLOC(8, 2),
		cmd_param, cmd_send_event_finish, "\x01\0\0\0\0\0\0\xff\xff\0\0", "MMC-3 6.38" },
	/* refused, 5/6F/02: no authentication can be begun */
	[OP_SEND_KEY] = { "SEND KEY", 12, ROW_OUT | ROW_MEDIUM, 0, ALLOC(8, 2),
		cmd_send_key, cmd_send_key_finish, "\0\0\0\0\0\0\xff\xff\xff\xff\0", "MMC-6 6.35" },
	/* region state (none set) and invalidation of an AGID; keys are refused, 5/6F/01 */
	[OP_REPORT_KEY] = { "REPORT KEY", 12, ROW_IN, 0, ALLOC(8, 2),
		cmd_report_key, NULL, "\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\0", "MMC-6 6.28" },
	/* as READ(10) */
	[OP_READ_12] = { "READ(12)", 12, ROW_IN | ROW_MEDIUM, P_READ, NO_LENGTH,
		cmd_read_12, NULL, "\x1a\xff\xff\xff\xff\xff\xff\xff\xff\x9f\0", "MMC-6 6.16" },
	/* as WRITE(10) */
	[OP_WRITE_12] = { "WRITE(12)", 12, ROW_OUT | ROW_MEDIUM | ROW_RECORDS, P_WRITE, NO_LENGTH,
		cmd_write_12, cmd_write_finish, "\x1a\xff\xff\xff\xff\xff\xff\xff\xff\x9f\0", "MMC-6 6.45" },
	/* nominal performance and write speeds */
	[OP_GET_PERFORMANCE] = { "GET PERFORMANCE", 12, ROW_IN | ROW_LIMIT_IN | ROW_CLOSING, 0, NO_LENGTH,
		cmd_get_performance, NULL, "\x1f\xff\xff\xff\xff\0\0\xff\xff\xff\0", "MMC-6 6.7" },
	/* the structures in the list that format FFh returns */
	[OP_READ_DISC_STRUCTURE] = { "READ DISC STRUCTURE", 12, ROW_IN | ROW_MEDIUM, 0, ALLOC(8, 2),
		cmd_read_disc_structure, NULL, "\x0f\xff\xff\xff\xff\xff\xff\xff\xff\xc0\0", "MMC-6 6.22" },
	/* sets the speeds that the drive reports; transfers are not slowed down */
	[OP_SET_STREAMING] = { "SET STREAMING", 12, ROW_OUT | ROW_CLOSING, 0, ALLOC(9, 2),
		cmd_set_streaming, cmd_set_streaming_finish, "\0\0\0\0\0\0\0\xff\xff\xff\0", "MMC-6 6.39" },
	/* as READ CD, from one MSF address up to another */
	[OP_READ_CD_MSF] = { "READ CD MSF", 12, ROW_IN | ROW_MEDIUM, P_CD, NO_LENGTH,
		cmd_read_cd_msf, NULL, "\x1e\0\xff\xff\xff\xff\xff\xff\xfe\x07\0", "MMC-3" },
	/* as SET STREAMING */
	[OP_SET_CD_SPEED] = { "SET CD SPEED", 12, ROW_CLOSING, 0, NO_LENGTH,
		cmd_none, cmd_set_cd_speed_finish, "\x03\xff\xff\xff\xff\0\0\0\0\0\0", "MMC-6 6.37" },
	/* no changer */
	[OP_MECHANISM_STATUS] = { "MECHANISM STATUS", 12, ROW_IN | ROW_UA_OK, 0, ALLOC(8, 2),
		cmd_mechanism_status, NULL, "\0\0\0\0\0\0\0\xff\xff\0\0", "MMC-6 6.9" },
	/* only for a CD, otherwise 5/20/00: any adjacent parts of the sectors, and their subchannel; a sector of another kind than the first one, or than the CDB asks for, ends the command with 5/64/00 */
	[OP_READ_CD] = { "READ CD", 12, ROW_IN | ROW_MEDIUM, P_CD, NO_LENGTH,
		cmd_read_cd, NULL, "\x1e\xff\xff\xff\xff\xff\xff\xff\xfe\x07\0", "MMC-6 6.20" },
	/* the layer break of a blank DVD+R DL, once */
	[OP_SEND_DISC_STRUCTURE] = { "SEND DISC STRUCTURE", 12, ROW_OUT | ROW_MEDIUM | ROW_RECORDS, P_WRITE,
		ALLOC(8, 2), cmd_send_disc_structure, cmd_send_disc_structure_finish,
		"\x0f\0\0\0\0\0\xff\xff\xff\0\0", "MMC-6 6.34" },
};
// clang-format on
